"""Which candidates to take, as two programs: what is known to be there, and what might be.

The first takes only plans that the planner has shown: its answer is a set that is worth no less
than it says.  The second believes every statement to be as cheap as no answer contradicts: no
set is worth more than its best.  Where the two meet, the choice is proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.knowledge import Answer, StatementKnowledge
from pgadvisor.choose.program import Optimum, Program

_SCALE = 1_000.0
"""What the whole workload is worth in a program's own unit: solvers like middling numbers."""
_TAKEN = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A set of candidates that a program found best."""

    chosen: frozenset[int]
    value: float
    """What statements and writes take a day with it, as the program sees it."""
    bound: float
    """No set takes less, as the program sees it."""
    is_best: bool
    shares: Mapping[int, float]
    """How much of each candidate is in it; a relaxed program takes parts."""


class Selection:
    """The programs over one pool of candidates and what is known of the statements.

    Args:
        knowledge: The statements.
        charges: What each candidate costs a day, by number: writes, and what it has to be worth.
    """

    def __init__(self, knowledge: Sequence[StatementKnowledge], charges: Sequence[float]) -> None:
        self._knowledge = knowledge
        self._charges = charges
        total = sum(one.value_per_cost * one.base_cost for one in knowledge)
        self._unit = total / _SCALE if total > 0 else 1.0

    def best_known(self, bounds: Bounds, *, time_limit_ms: float) -> Selected | None:
        """The best set, each statement at its cheapest known plan."""
        draft = _Draft(self._charges, self._unit, bounds)
        for one in self._knowledge:
            self._add_plans(draft, one)
        bounds.add_rows(draft.program, draft.variables)
        return draft.solve(time_limit_ms)

    def optimistic(
        self, bounds: Bounds, *, time_limit_ms: float, is_relaxed: bool = False
    ) -> Selected | None:
        """The best set, each statement as cheap as nothing contradicts."""
        draft = _Draft(self._charges, self._unit, bounds)
        for one in self._knowledge:
            self._add_levels(draft, one)
        bounds.add_rows(draft.program, draft.variables)
        return draft.solve(time_limit_ms, is_relaxed=is_relaxed)

    def charge(self, candidate: int) -> float:
        """What a candidate costs a day."""
        return self._charges[candidate]

    def value(self, chosen: Iterable[int]) -> float:
        """What statements and writes take a day with a set, as far as is known: never less."""
        taken = frozenset(chosen)
        return sum(one.value_per_cost * one.cost(taken) for one in self._knowledge) + sum(
            self._charges[candidate] for candidate in taken
        )

    def _add_plans(self, draft: _Draft, one: StatementKnowledge) -> None:
        """One plan is taken; it needs its indexes."""
        program = draft.program
        usable = [(plan, draft.known(one.candidates(plan.uses))) for plan in one.plans]
        offered = [(plan, needs) for plan, needs in usable if needs is not None]
        worth = one.value_per_cost / self._unit
        program.constant += worth * one.base_cost
        taken: dict[int, float] = {}
        for plan, needs in offered:
            if not needs:
                continue  # the base plan is what remains
            share = program.add_share(worth * (plan.cost - one.base_cost))
            taken[share] = 1.0
            for variable in needs:
                program.add_row({share: 1.0, variable: -1.0}, upper=0.0)
        if taken:
            program.add_row(taken, upper=1.0)

    def _add_levels(self, draft: _Draft, one: StatementKnowledge) -> None:
        """To get below an answer's cost, something that was withheld has to be there."""
        program = draft.program
        worth = one.value_per_cost / self._unit
        levels = _levels(one)
        program.constant += worth * levels[0].cost
        above: int | None = None
        for level, below in pairwise(levels):
            helpers = draft.known(one.candidates(level.withheld), partly=True) or ()
            share = program.add_share(worth * (below.cost - level.cost))
            program.add_row({share: 1.0, **dict.fromkeys(helpers, -1.0)}, upper=0.0)
            if above is not None:
                program.add_row({share: 1.0, above: -1.0}, upper=0.0)
            above = share


def _levels(one: StatementKnowledge) -> list[Answer]:
    """Answers that say something as bounds, from the dearest to the cheapest."""
    kept: list[Answer] = []
    order = sorted(one.answers, key=lambda a: (-a.cost, a.withheld.bit_count(), a.withheld))
    for answer in order:
        withheld = answer.withheld & one.everything
        if not any(known.withheld & one.everything & ~withheld == 0 for known in kept):
            kept.append(answer)
    return kept


class _Draft:
    """A program in the making, with a variable for each candidate that it mentions."""

    def __init__(self, charges: Sequence[float], unit: float, bounds: Bounds) -> None:
        self.program = Program()
        self.variables: dict[int, int] = {}
        self._charges = charges
        self._unit = unit
        self._bounds = bounds

    def known(self, candidates: Iterable[int], *, partly: bool = False) -> tuple[int, ...] | None:
        """The variables of candidates; None: one of them may not be had, and all are needed."""
        found = []
        for candidate in candidates:
            if not self._bounds.allows(candidate):
                if partly:
                    continue
                return None
            if candidate not in self.variables:
                cost = self._charges[candidate] / self._unit
                self.variables[candidate] = self.program.add_binary(cost)
            found.append(self.variables[candidate])
        return tuple(found)

    def solve(
        self,
        time_limit_ms: float,
        *,
        is_relaxed: bool = False,
    ) -> Selected | None:
        """Solve it, and say it in candidates."""
        optimum = self.program.minimise(time_limit_ms=time_limit_ms, is_relaxed=is_relaxed)
        return None if optimum is None else self._selected(optimum)

    def _selected(self, optimum: Optimum) -> Selected:
        shares = {
            candidate: optimum.values[variable] for candidate, variable in self.variables.items()
        }
        return Selected(
            chosen=frozenset(one for one, share in shares.items() if share > _TAKEN),
            value=optimum.objective * self._unit,
            bound=optimum.bound * self._unit,
            is_best=optimum.is_best,
            shares=shares,
        )
