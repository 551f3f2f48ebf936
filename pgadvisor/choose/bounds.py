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
        harmful: Candidates by which a statement gets too dear; they may not be chosen either.
    """

    def __init__(
        self,
        budget: Budget,
        prices: Sequence[Price],
        forbidden: Collection[int] = (),
        burdens: Sequence[Burden] = (),
        harmful: Collection[int] = (),
    ) -> None:
        self.budget = budget
        self._prices = prices
        self._forbidden = frozenset(forbidden)
        self._burdens = tuple(burdens)
        self.harmful = frozenset(harmful)

    def without(self, harmful: Collection[int]) -> Bounds:
        """The same bounds, without candidates by which a statement gets too dear."""
        both = self.harmful | frozenset(harmful)
        return Bounds(self.budget, self._prices, self._forbidden, self._burdens, both)

    def size_bytes(self, chosen: Collection[int]) -> int:
        """What a set takes."""
        return sum(self._prices[one].size_bytes for one in chosen)

    def holds(self, chosen: Collection[int]) -> bool:
        """Nothing that is forbidden is in a set."""
        return self._forbidden.isdisjoint(chosen) and self.harmful.isdisjoint(chosen)

    def allows(self, candidate: int) -> bool:
        """Whether the candidate may be chosen, by itself."""
        return self.holds({candidate}) and self.excess({candidate}) is None

    def excess(self, chosen: Collection[int]) -> Excess | None:
        """The bound that a set exceeds; None: none."""
        budget, prices = self.budget, [self._prices[one] for one in chosen]
        size_bytes = sum(price.size_bytes for price in prices)
        if budget.index_bytes is not None and size_bytes > budget.index_bytes:
            allowed = format_size(budget.index_bytes)
            return Excess(
                code="over-budget", reason=f"{format_size(size_bytes)} where {allowed} are allowed"
            )
        if budget.max_indexes is not None and len(prices) > budget.max_indexes:
            return Excess(code="too-many", reason=f"{budget.max_indexes} new indexes are allowed")
        limit = budget.max_indexes_per_table
        if any(count > limit for count in Counter(p.table_oid for p in prices).values()):
            return Excess(code="too-many", reason=f"a table gets {limit} new indexes at most")
        build_ms = sum(price.build_ms for price in prices)
        if budget.build_ms is not None and build_ms > budget.build_ms:
            return Excess(code="build-time", reason="building takes longer than is allowed")
        for burden in self._burdens:
            if sum(burden.added_ms.get(one, 0.0) for one in chosen) > burden.limit_ms:
                reason = f"writes of statement {burden.statement_id} would get too dear"
                return Excess(code="regression", reason=reason)
        return None

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
