"""Which candidates to take if every statement is as cheap as no answer contradicts.

No set of candidates is worth more than the best of this program believes.  Where what it believes
of its set is what the planner says of it, the set is proven to be the best.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.knowledge import Answer, StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.program import Optimum, Program

CLOSE_ENOUGH_RATIO = 0.0005
"""A gap of so little of what the workload takes is none.  Where indexes save nearly everything, a
smaller share of the rest would be proven ten times as long."""
CLOSE_ENOUGH_OF_REST = 0.002
"""And so little of what is left with a set: beside one statement that an index makes a thousand
times cheaper, all others would count for nothing."""
_LEAST_RATIO = 1e-12
"""Of what the workload takes; less is rounding."""
_GAP = 0.25
"""In a program's own unit, in which solvers find middling numbers: half of what is close enough."""
_TAKEN = 0.5
_PRESENT = 1e-6
"""A relaxed program has a candidate, if more than this share of it."""
_NO_VARIABLE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A set of candidates that the program found best."""

    chosen: frozenset[int]
    value: float
    """What statements and candidates cost a day with it, as the program believes."""
    bound: float
    """No set costs less."""
    is_best: bool
    shares: Mapping[int, float]
    """How much of each candidate is in it; a relaxed program takes parts."""

    @property
    def present(self) -> frozenset[int]:
        """The candidates of which more than nothing is in it."""
        return frozenset(one for one, share in self.shares.items() if share > _PRESENT)

    def rounded(self, bounds: Bounds) -> frozenset[int]:
        """As many of them as a whole as there is room for, first those it has most of."""
        first = sorted(self.present, key=lambda one: (-self.shares[one], one))
        chosen: list[int] = []
        size_bytes, allowed_bytes = 0, bounds.budget.index_bytes
        for number in first:
            more_bytes = size_bytes + bounds.size_bytes((number,))
            if allowed_bytes is None or more_bytes <= allowed_bytes:
                chosen.append(number)
                size_bytes = more_bytes
        if bounds.fits(chosen):  # storage is the only bound that matters, as a rule
            return frozenset(chosen)
        chosen.clear()
        for number in first:
            if bounds.fits([*chosen, number]):
                chosen.append(number)
        return frozenset(chosen)


class Selection:
    """The program over one pool of candidates and what is known of the statements.

    Args:
        pool: The statements.
        charges: What each candidate costs a day, by number: writes, and what it has to be worth.
        bonuses: What a day costs less with any one of some candidates.
    """

    def __init__(
        self,
        pool: Pool,
        charges: Sequence[float],
        bonuses: Sequence[tuple[frozenset[int], float]] = (),
    ) -> None:
        self._pool = pool
        self._charges = charges
        self._bonuses = tuple((those, value) for those, value in bonuses if value > 0)
        self._base = pool.base_value if pool.base_value > 0 else 1.0
        self._values: dict[frozenset[int], float] = {}
        self._known_changes = -1
        """When those were summed up."""

    def optimistic(
        self,
        bounds: Bounds,
        *,
        time_limit_ms: float,
        gap: float = 0.0,
        is_relaxed: bool = False,
        start: frozenset[int] | None = None,
        value: float = math.inf,
    ) -> Selected | None:
        """The best set, each statement as cheap as nothing contradicts.

        Args:
            bounds: What may be chosen.
            time_limit_ms: When to end with the best so far.
            gap: So near to the best is near enough.
            is_relaxed: Take parts of candidates.
            start: A good set within the bounds, to begin with.
            value: What a set costs that is known; only better ones are of interest.
        """
        draft = self._draft(bounds, value)
        return draft.solve(time_limit_ms, gap, is_relaxed=is_relaxed, start=start)

    def close_enough(self, value: float) -> float:
        """A gap that is none, beside a set that costs so much a day."""
        least = min(CLOSE_ENOUGH_RATIO * self._base, CLOSE_ENOUGH_OF_REST * abs(value))
        return max(least, _LEAST_RATIO * self._base)

    @property
    def least_value(self) -> float:
        """No set costs less a day, whatever plans there are: less than nothing, with bonuses."""
        return -sum(value for _, value in self._bonuses)

    def charge(self, candidate: int) -> float:
        """What a candidate costs a day."""
        return self._charges[candidate]

    def value(self, chosen: Iterable[int]) -> float:
        """What statements and candidates cost a day with a set, as far as is known."""
        taken = frozenset(chosen)
        if (changes := self._pool.changes) != self._known_changes:
            self._values.clear()
            self._known_changes = changes
        value = self._values.get(taken)
        if value is None:
            value = self._values[taken] = self._summed(taken)
        return value

    def _summed(self, taken: frozenset[int]) -> float:
        charged = sum(self._charges[candidate] for candidate in taken)
        earned = sum(value for those, value in self._bonuses if those & taken)
        return self._pool.value(taken) + charged - earned

    def _draft(self, bounds: Bounds, value: float = math.inf) -> _Draft:
        """The program as it is to be solved."""
        unit = self.close_enough(value) / (2 * _GAP)
        draft = _Draft(self._charges, unit, bounds, at_most=value - self.least_value)
        for one in self._pool.knowledge:
            self._add_levels(draft, one)
        for those, earned in self._bonuses:
            share = draft.program.add_share(-earned / unit)
            helpers = dict.fromkeys(draft.known(sorted(those)), -1.0)
            draft.program.add_row({share: 1.0, **helpers}, upper=0.0)
        bounds.add_rows(draft.program, draft.variables)
        return draft

    def _add_levels(self, draft: _Draft, one: StatementKnowledge) -> None:
        """To get below an answer's cost, something that was withheld has to be there."""
        program = draft.program
        worth = one.value_per_cost / draft.unit
        levels = one.levels
        program.constant += worth * levels[0].floor
        above: int | None = None
        for level, below in pairwise(levels):
            helpers = draft.known(one.candidates(level.withheld & one.everything))
            if draft.is_too_dear(one.value_per_cost * level.floor):
                program.add_row(dict.fromkeys(helpers, 1.0), lower=1.0)
                program.constant += worth * (below.floor - level.floor)
                continue
            share = program.add_share(worth * (below.floor - level.floor))
            program.add_row({share: 1.0, **dict.fromkeys(helpers, -1.0)}, upper=0.0)
            if above is not None:
                program.add_row({share: 1.0, above: -1.0}, upper=0.0)
            above = share
        for uses, answers in one.dear_plans().items():
            self._add_penalty(draft, one, uses, answers)

    @staticmethod
    def _add_penalty(
        draft: _Draft, one: StatementKnowledge, uses: int, answers: Sequence[Answer]
    ) -> None:
        """A plan that is dearer than the planner says is taken where nothing better is there.

        That is where all of its indexes are chosen, and nothing that was withheld from it.
        """
        needed = one.candidates(uses)
        own = draft.known(needed)
        if len(own) < len(needed):
            return
        worth = one.value_per_cost / draft.unit
        penalty = draft.program.add_share(worth * (answers[0].cost - answers[0].floor))
        for answer in answers:
            withheld = draft.known(one.candidates(answer.withheld & one.everything))
            terms = dict.fromkeys(withheld, 1.0) | dict.fromkeys(own, -1.0)
            draft.program.add_row({penalty: 1.0, **terms}, lower=1.0 - len(own))


class _Draft:
    """A program in the making, with a variable for each candidate that it mentions."""

    def __init__(
        self, charges: Sequence[float], unit: float, bounds: Bounds, at_most: float
    ) -> None:
        self.program = Program()
        self.variables: dict[int, int] = {}
        self._numbers: dict[int, int] = {}
        """The same, with those that may not be had."""
        self._charges = charges
        self.unit = unit
        self._bounds = bounds
        self._at_most = at_most

    def is_too_dear(self, value: float) -> bool:
        """Whether no better set can have a statement that costs so much."""
        return value > self._at_most * (1 + _LEAST_RATIO)

    def known(self, candidates: Iterable[int]) -> tuple[int, ...]:
        """The variables of those candidates that may be had."""
        numbers = self._numbers
        found = []
        for candidate in candidates:
            variable = numbers.get(candidate)
            if variable is None:
                variable = numbers[candidate] = self._add(candidate)
            if variable >= 0:
                found.append(variable)
        return tuple(found)

    def _add(self, candidate: int) -> int:
        if not self._bounds.allows(candidate):
            return _NO_VARIABLE
        cost = self._charges[candidate] / self.unit
        variable = self.variables[candidate] = self.program.add_binary(cost)
        return variable

    def solve(
        self,
        time_limit_ms: float,
        gap: float,
        *,
        is_relaxed: bool = False,
        start: frozenset[int] | None = None,
    ) -> Selected | None:
        """Solve it, and say it in candidates."""
        optimum = self.program.minimise(
            time_limit_ms=time_limit_ms,
            is_relaxed=is_relaxed,
            gap=max(gap / self.unit, _GAP),
            start=None if start is None else self.known(sorted(start & self.variables.keys())),
        )
        return None if optimum is None else self._selected(optimum)

    def _selected(self, optimum: Optimum) -> Selected:
        shares = {
            candidate: optimum.values[variable] for candidate, variable in self.variables.items()
        }
        return Selected(
            chosen=frozenset(one for one, share in shares.items() if share > _TAKEN),
            value=optimum.objective * self.unit,
            bound=optimum.bound * self.unit,
            is_best=optimum.is_best,
            shares=shares,
        )
