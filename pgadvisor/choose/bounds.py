"""What a budget allows, for programs and for sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.choose.program import Program
from pgadvisor.model.budget import Budget
from pgadvisor.units import format_size

_SCALE = 1_000.0
"""What a whole bound is in a program's own unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What an index costs to have."""

    name: str
    table_oid: int
    size_bytes: int
    entries_per_day: float = 0.0
    write_value: float = 0.0
    """What its entries cost a day, in the valuation's unit."""
    build_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """A statement that writes, and how much dearer candidates may make a call of it."""

    statement_id: str
    limit_ms: float
    added_ms: Mapping[int, float]
    """By candidate."""

    def is_exceeded(self, chosen: Collection[int]) -> bool:
        """A set makes it dearer than it may get."""
        concerned = self.added_ms.keys() & chosen
        return sum(self.added_ms[one] for one in sorted(concerned)) > self.limit_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """Which bound a set exceeds."""

    code: str
    reason: str


class Bounds:
    """The bounds of one choice.

    Args:
        budget: What the user allows.
        prices: Of the candidates, by number.
        forbidden: Candidates that may not be chosen.
        burdens: Statements that must not get much dearer.
        fitting: Candidates of which each fits by itself; None: not known yet.
    """

    def __init__(
        self,
        budget: Budget,
        prices: Sequence[Price],
        forbidden: Collection[int] = (),
        burdens: Sequence[Burden] = (),
        fitting: frozenset[int] | None = None,
    ) -> None:
        self.budget = budget
        self._prices = prices
        self._forbidden = frozenset(forbidden)
        self._burdens = tuple(burdens)
        self._size_bytes_of = [price.size_bytes for price in prices].__getitem__
        if fitting is None:
            fitting = frozenset(n for n in range(len(prices)) if self.fits((n,)))
        self._allowed = fitting - self._forbidden

    def without(self, candidates: Collection[int]) -> Bounds:
        """The same bounds, with further candidates forbidden."""
        forbidden = self._forbidden.union(candidates)
        return Bounds(self.budget, self._prices, forbidden, self._burdens, self._allowed)

    def within(self, budget: Budget) -> Bounds:
        """The same candidates, with another budget."""
        return Bounds(budget, self._prices, self._forbidden, self._burdens)

    def size_bytes(self, chosen: Collection[int]) -> int:
        """What a set takes."""
        return sum(map(self._size_bytes_of, chosen))

    def table_oid(self, candidate: int) -> int:
        """The table that a candidate is on."""
        return self._prices[candidate].table_oid

    def holds(self, chosen: Collection[int]) -> bool:
        """Nothing that is forbidden is in a set."""
        return self._forbidden.isdisjoint(chosen)

    def allows(self, candidate: int) -> bool:
        """Whether the candidate may be chosen, by itself."""
        return candidate in self._allowed

    def fits(self, chosen: Collection[int]) -> bool:
        """Whether a set exceeds no bound."""
        budget, prices = self.budget, self._prices
        if budget.index_bytes is not None and self.size_bytes(chosen) > budget.index_bytes:
            return False
        if budget.max_indexes is not None and len(chosen) > budget.max_indexes:
            return False
        if len(chosen) > budget.max_indexes_per_table:
            tables = Counter(prices[one].table_oid for one in chosen)
            if max(tables.values()) > budget.max_indexes_per_table:
                return False
        build_ms = budget.build_ms
        if build_ms is not None and sum(prices[one].build_ms for one in chosen) > build_ms:
            return False
        return not any(burden.is_exceeded(chosen) for burden in self._burdens)

    def excess(self, chosen: Collection[int]) -> Excess | None:
        """The bound that a set exceeds; None: none."""
        if self.fits(chosen):
            return None
        budget = self.budget
        size_bytes = self.size_bytes(chosen)
        if budget.index_bytes is not None and size_bytes > budget.index_bytes:
            allowed = format_size(budget.index_bytes)
            return Excess(
                code="over-budget", reason=f"{format_size(size_bytes)} where {allowed} are allowed"
            )
        if budget.max_indexes is not None and len(chosen) > budget.max_indexes:
            return Excess(code="too-many", reason=f"{budget.max_indexes} new indexes are allowed")
        for burden in self._burdens:
            if burden.is_exceeded(chosen):
                reason = f"writes of statement {burden.statement_id} would get too dear"
                return Excess(code="regression", reason=reason)
        tables = Counter(self._prices[one].table_oid for one in chosen)
        limit = budget.max_indexes_per_table
        if max(tables.values()) > limit:
            return Excess(code="too-many", reason=f"a table gets {limit} new indexes at most")
        return Excess(code="build-time", reason="building takes longer than is allowed")

    def add_rows(self, program: Program, variables: Mapping[int, int]) -> None:
        """Keep a program within the bounds.

        Args:
            program: The program.
            variables: Its variables, by candidate.
        """
        budget = self.budget
        if budget.index_bytes is not None:
            sizes = {v: float(self._prices[c].size_bytes) for c, v in variables.items()}
            _add_scaled(program, sizes, budget.index_bytes)
        if budget.build_ms is not None:
            times = {v: self._prices[c].build_ms for c, v in variables.items()}
            _add_scaled(program, times, budget.build_ms)
        if budget.max_indexes is not None:
            program.add_row(dict.fromkeys(variables.values(), 1.0), upper=budget.max_indexes)
        tables: dict[int, list[int]] = {}
        for candidate, variable in variables.items():
            tables.setdefault(self._prices[candidate].table_oid, []).append(variable)
        for those in tables.values():
            if len(those) > budget.max_indexes_per_table:
                program.add_row(dict.fromkeys(those, 1.0), upper=budget.max_indexes_per_table)
        for burden in self._burdens:
            added = {variables[c]: ms for c, ms in burden.added_ms.items() if c in variables}
            _add_scaled(program, added, burden.limit_ms)


def _add_scaled(program: Program, terms: Mapping[int, float], limit: float) -> None:
    if limit > 0 and sum(terms.values()) > limit:
        factor = _SCALE / limit
        program.add_row({v: term * factor for v, term in terms.items()}, upper=_SCALE)
