"""What the planner has said of one statement, and what follows from it for any set of indexes.

With a set S of candidates present the planner took the indexes U, at the cost c.  Since it takes
the cheapest plan there is, U costs c wherever U is present and nothing outside of S: for every
set between U and S.  Where U is present, no set costs more than c; where nothing outside of S is,
none costs less.  So each answer tells of many sets at once, exactly or as a bound.

Sets are bits of an integer, one for each candidate that the statement could use.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.candidate import WeightedStatement

INTOLERABLE = 100.0
"""What must not be counts so many times."""
SAME_COST_RATIO = 1e-6
"""Costs nearer to each other than this count as the same: EXPLAIN prints two decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One EXPLAIN: what it cost, what it used, and what was withheld."""

    cost: float
    """What the plan is felt to cost, in planner units; a gain too small is none."""
    appraised_cost: float
    """What it is believed to cost."""
    planner_cost: float
    """What the planner says, by which it takes the plan."""
    floor: float
    """No less is believed possible where no more is present."""
    uses: int
    """Candidates in the plan."""
    withheld: int
    """Candidates that the statement could use and that were not present."""


_FOR_NOTHING = Answer(cost=0.0, appraised_cost=0.0, planner_cost=0.0, floor=0.0, uses=0, withheld=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the planner said to one set."""

    cost: float
    """As it was appraised."""
    felt_cost: float
    """The same, or the present cost, if the gain is too small to be believed."""
    uses: tuple[int, ...]
    """Numbers of the candidates in the plan."""


class StatementKnowledge:
    """What is known of one statement.

    Args:
        statement: The statement.
        usable: Numbers of the candidates that it could use.
        value_per_cost: What a unit of its planner cost is worth a day.
        base_cost: What it costs with no candidate, as it was appraised.
        min_gain_ratio: A plan that is not by this share cheaper than the present one counts for
            nothing: so much is within the error of the planner's estimates.
        base_planner_cost: What the planner says of that; None: the same.
    """

    def __init__(
        self,
        statement: WeightedStatement,
        usable: Sequence[int],
        value_per_cost: float,
        base_cost: float,
        min_gain_ratio: float = 0.0,
        base_planner_cost: float | None = None,
    ) -> None:
        self.statement = statement
        self.usable = tuple(usable)
        self.value_per_cost = value_per_cost
        self.base_cost = base_cost
        self.changes = 0
        """How often something was learnt."""
        self._tolerated_cost = math.inf
        self.everything = (1 << len(self.usable)) - 1
        self._bits = {candidate: 1 << place for place, candidate in enumerate(self.usable)}
        self._min_gain_ratio = min_gain_ratio
        self._planned: dict[int, Planned] = {}
        self.answers: list[Answer] = []
        self._plans: tuple[Answer, ...] | None = None
        self._plans_of: list[Answer] = []
        """Answers among which all plans are; others have fallen away."""
        self._levels: tuple[Answer, ...] | None = None
        self._best_known: dict[int, Answer] = {}
        self._candidates: dict[int, tuple[int, ...]] = {}
        """Of sets as bits, which programs ask for again and again."""
        self.learn(0, base_cost if base_planner_cost is None else base_planner_cost, 0, base_cost)

    def learn(self, shown: int, planner_cost: float, uses: int, cost: float | None = None) -> None:
        """Learn what one EXPLAIN said.

        Args:
            shown: The set that was present.
            planner_cost: What the planner says that its plan costs.
            uses: What of the set the plan uses.
            cost: What the plan is appraised to cost, no less than that; None: the same.
        """
        cost = planner_cost if cost is None else cost
        felt = self._felt(cost)
        self._planned[shown] = Planned(cost=cost, felt_cost=felt, uses=self.candidates(uses))
        answer = Answer(
            cost=felt,
            appraised_cost=cost,
            planner_cost=planner_cost,
            floor=min(self._felt(planner_cost), self.base_cost),
            uses=uses,
            withheld=self.everything & ~shown,
        )
        self.answers.append(answer)
        self._plans_of.append(answer)
        self._forget_conclusions()

    def tolerate(self, cost: float) -> None:
        """Feel what is dearer than that as if nothing could make up for it."""
        if cost == self._tolerated_cost:
            return
        self._tolerated_cost = cost
        self.answers = [replace(a, cost=self._felt(a.appraised_cost)) for a in self.answers]
        self._planned = {
            shown: replace(planned, felt_cost=self._felt(planned.cost))
            for shown, planned in self._planned.items()
        }
        self._plans_of = list(self.answers)
        self._forget_conclusions()

    def is_tolerable(self, shown: int) -> bool:
        """Whether a set makes it no dearer than is tolerated, as far as is known."""
        return self.cost(shown) < self.base_cost * INTOLERABLE

    def dear_plans(self) -> Mapping[int, Sequence[Answer]]:
        """Plans that are felt to cost more than the planner says, by what they use.

        The planner takes such a plan with every set between what it uses and what was present.
        """
        found: dict[int, list[Answer]] = {}
        for answer in self.answers:
            if answer.cost > answer.floor * (1 + SAME_COST_RATIO):
                found.setdefault(answer.uses, []).append(answer)
        return found

    def _felt(self, cost: float) -> float:
        """A cost too near to the present one is the present one."""
        if cost > self._tolerated_cost:
            return cost * INTOLERABLE
        least = self.base_cost * self._min_gain_ratio
        is_far = cost <= self.base_cost - least or cost > self.base_cost + least
        return cost if is_far else self.base_cost

    def _forget_conclusions(self) -> None:
        """Something was learnt."""
        self.changes += 1
        self._plans = None
        self._levels = None
        self._best_known.clear()

    def take_for(self, shown: int, planned: int) -> None:
        """Take what was planned with one set for what would be planned with another one."""
        self.changes += 1
        self._planned[shown] = self._planned[planned]

    @property
    def plans(self) -> tuple[Answer, ...]:
        """The atomic plans, first what the planner takes first; none needs all of an earlier one.

        The last one needs no candidate.
        """
        if self._plans is None:
            kept: list[Answer] = []
            had = (
                answer
                for answer in self._plans_of
                if not answer.uses & ~self.everything
                and (answer.cost != self.base_cost or not answer.uses)
            )
            order = sorted(had, key=lambda a: (a.planner_cost, a.uses.bit_count(), a.uses))
            for answer in order:
                if not any(plan.uses & ~answer.uses == 0 for plan in kept):
                    kept.append(answer)
            self._plans = tuple(kept)
            self._plans_of = kept
        return self._plans

    @property
    def levels(self) -> tuple[Answer, ...]:
        """Answers that say something as bounds, from the dearest to the cheapest.

        Below the last one nothing gets: where something was withheld from each answer, as nothing
        was planned with everything, the last one costs nothing.
        """
        if self._levels is None:
            kept: list[Answer] = []
            order = sorted(
                self.answers, key=lambda a: (-a.floor, a.withheld.bit_count(), a.withheld)
            )
            for answer in order:
                withheld = answer.withheld & self.everything
                if not any(known.withheld & self.everything & ~withheld == 0 for known in kept):
                    kept.append(answer)
            if kept[-1].withheld & self.everything:
                kept.append(_FOR_NOTHING)
            self._levels = tuple(kept)
        return self._levels

    def forget(self, bits: int) -> None:
        """Take candidates for ones that it cannot use after all.

        The plans with them are no plans any more.  What they cost is a bound nevertheless: with
        fewer candidates nothing gets cheaper.
        """
        self.everything &= ~bits
        self._plans_of = list(self.answers)
        self._forget_conclusions()

    def bits(self, candidates: Iterable[int]) -> int:
        """The set as bits; candidates that it cannot use are left out."""
        shown = 0
        for candidate in candidates:
            shown |= self._bits.get(candidate, 0)
        return shown & self.everything

    def candidates(self, bits: int) -> tuple[int, ...]:
        """The numbers of the candidates in a set, in ascending order of their places."""
        known = self._candidates.get(bits)
        if known is None:
            places = (place for place in range(bits.bit_length()) if bits >> place & 1)
            known = self._candidates[bits] = tuple(self.usable[place] for place in places)
        return known

    def best_known(self, shown: int) -> Answer:
        """The plan that the planner takes of those known to be there with those candidates."""
        known = self._best_known.get(shown)
        if known is None:
            known = next(plan for plan in self.plans if plan.uses & ~shown == 0)
            self._best_known[shown] = known
        return known

    def exact(self, shown: int) -> Answer | None:
        """The plan under exactly that set, where an answer tells it."""
        for answer in self.answers:
            if answer.uses & ~shown == 0 and answer.withheld & shown == 0:
                return answer
        return None

    def bound(self, shown: int) -> float:
        """No less is possible under that set, as far as is known."""
        return max(
            (answer.floor for answer in self.answers if answer.withheld & shown == 0), default=0.0
        )

    def planned(self, shown: int) -> Planned | None:
        """What the planner said to just that set."""
        return self._planned.get(shown)

    def cost(self, shown: int) -> float:
        """What it costs with a set.

        As it was planned with exactly that, else as follows from other answers: no less than it
        is, unless the planner contradicts itself, as it does by a per cent now and then.
        """
        planned = self._planned.get(shown)
        return self.best_known(shown).cost if planned is None else planned.felt_cost
