"""What the planner has said of one statement, and what follows from it for any set of indexes.

With a set S of candidates present the planner took the indexes U, at the cost c.  Since it takes
the cheapest plan there is, U costs c wherever U is present and nothing outside of S: for every
set between U and S.  Where U is present, no set costs more than c; where nothing outside of S is,
none costs less.  So each answer tells of many sets at once, exactly or as a bound.

Sets are bits of an integer, one for each candidate that the statement could use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgadvisor.model.candidate import WeightedStatement

SAME_COST_RATIO = 1e-6
"""Costs nearer to each other than this count as the same: EXPLAIN prints two decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One EXPLAIN: what it cost, what it used, and what was withheld."""

    cost: float
    """In planner units; a gain too small to be believed is none."""
    uses: int
    """Candidates in the plan."""
    withheld: int
    """Candidates that the statement could use and that were not present."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the planner said to one set."""

    cost: float
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
        base_cost: What it costs with no candidate.
        min_gain_ratio: A plan that is not by this share cheaper than the present one counts for
            nothing: so much is within the error of the planner's estimates.
    """

    def __init__(
        self,
        statement: WeightedStatement,
        usable: Sequence[int],
        value_per_cost: float,
        base_cost: float,
        min_gain_ratio: float = 0.0,
    ) -> None:
        self.statement = statement
        self.usable = tuple(usable)
        self.value_per_cost = value_per_cost
        self.base_cost = base_cost
        self.everything = (1 << len(self.usable)) - 1
        self._bits = {candidate: 1 << place for place, candidate in enumerate(self.usable)}
        self._min_gain_ratio = min_gain_ratio
        self._planned: dict[int, Planned] = {}
        self.answers: list[Answer] = []
        self._plans: tuple[Answer, ...] | None = None
        self.learn(0, base_cost, 0)

    def learn(self, shown: int, cost: float, uses: int) -> None:
        """Learn what one EXPLAIN said: the cost with a set, and what of it the plan uses."""
        felt = cost if cost <= self.base_cost * (1 - self._min_gain_ratio) else self.base_cost
        self._planned[shown] = Planned(cost=cost, felt_cost=felt, uses=self.candidates(uses))
        self.answers.append(Answer(cost=felt, uses=uses, withheld=self.everything & ~shown))
        self._plans = None

    def take_for(self, shown: int, planned: int) -> None:
        """Take what was planned with one set for what would be planned with another one."""
        self._planned[shown] = self._planned[planned]

    @property
    def plans(self) -> tuple[Answer, ...]:
        """The atomic plans, the cheapest first: none needs all that a cheaper one does.

        The last one needs no candidate.
        """
        if self._plans is None:
            kept: list[Answer] = []
            had = (answer for answer in self.answers if not answer.uses & ~self.everything)
            for answer in sorted(had, key=lambda a: (a.cost, a.uses.bit_count(), a.uses)):
                if not any(plan.uses & ~answer.uses == 0 for plan in kept):
                    kept.append(answer)
            self._plans = tuple(kept)
        return self._plans

    def forget(self, bits: int) -> None:
        """Take candidates for ones that it cannot use after all.

        The plans with them are no plans any more.  What they cost is a bound nevertheless: with
        fewer candidates nothing gets cheaper.
        """
        self.everything &= ~bits
        self._plans = None

    def bits(self, candidates: Iterable[int]) -> int:
        """The set as bits; candidates that it cannot use are left out."""
        shown = 0
        for candidate in candidates:
            shown |= self._bits.get(candidate, 0)
        return shown & self.everything

    def candidates(self, bits: int) -> tuple[int, ...]:
        """The numbers of the candidates in a set, in ascending order of their places."""
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self.usable[lowest.bit_length() - 1])
            bits ^= lowest
        return tuple(found)

    def best_known(self, shown: int) -> Answer:
        """The cheapest plan known to be there when those candidates are."""
        return next(plan for plan in self.plans if plan.uses & ~shown == 0)

    def exact(self, shown: int) -> Answer | None:
        """The plan under exactly that set, where an answer tells it."""
        for answer in self.answers:
            if answer.uses & ~shown == 0 and answer.withheld & shown == 0:
                return answer
        return None

    def bound(self, shown: int) -> float:
        """No less is possible under that set, as far as is known."""
        return max(
            (answer.cost for answer in self.answers if answer.withheld & shown == 0), default=0.0
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
