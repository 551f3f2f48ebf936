"""Why each candidate that is not in the chosen set is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgadvisor.choose.bounds import Bounds, Excess, Price
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.model.candidate import Candidate, Rejected
from pgadvisor.units import format_ratio, format_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Finds the reasons, out of what is known: the planner is asked nothing."""

    chosen: frozenset[int]
    bounds: Bounds
    pool: Pool
    candidates: Sequence[Candidate]
    prices: Sequence[Price]
    charges: Sequence[float]
    """What each candidate has to save a day."""
    total_per_day: float
    earlier: Mapping[int, Excess] = field(default_factory=dict)
    """Candidates that were in a set, and taken out of it, with the reason."""

    def rejected(self, numbers: Sequence[int]) -> Iterator[Rejected]:
        """The candidates of those that were not chosen, each with its reason."""
        users: dict[int, list[StatementKnowledge]] = {}
        for one in self.pool.knowledge:
            for number in {n for plan in one.plans for n in one.candidates(plan.uses)}:
                users.setdefault(number, []).append(one)
        for number in numbers:
            if number not in self.chosen:
                refusal = self._reason(number, users.get(number, ()))
                candidate = replace(
                    self.candidates[number], size_bytes=self.prices[number].size_bytes
                )
                yield Rejected(candidate=candidate, code=refusal.code, reason=refusal.reason)

    def _reason(self, number: int, users: Sequence[StatementKnowledge]) -> Excess:
        if number in self.earlier:
            return self.earlier[number]
        if not self.bounds.holds({number}):
            return Excess(code="forbidden", reason="its table is to get no new index")
        if not users:
            return Excess(
                code="not-used",
                reason="the planner takes it for no statement, or takes another before it",
            )
        return self._harm(number, users) or self._beside_the_chosen(number, users)

    def _harm(self, number: int, users: Sequence[StatementKnowledge]) -> Excess | None:
        """A statement that it would make dearer than is allowed, beside the chosen ones."""
        for one in users:
            if not one.is_tolerable(one.bits(self.chosen | {number})):
                reason = f"statement {one.statement.id} would get too dear with it"
                return Excess(code="regression", reason=reason)
        return None

    def _beside_the_chosen(self, number: int, users: Sequence[StatementKnowledge]) -> Excess:
        saved = self._saved(number, users, self.chosen)
        if saved <= 0:
            if self._saved(number, users, frozenset()) > 0:
                return Excess(code="covered", reason="the chosen indexes serve its statements")
            return Excess(code="not-used", reason="no plan gets cheaper by it alone")
        return self._too_dear(number, saved) or self._does_not_fit(number)

    def _too_dear(self, number: int, saved: float) -> Excess | None:
        """It saves less than what it costs, or has to be worth."""
        price = self.prices[number]
        if saved <= price.write_value:
            return Excess(
                code="write-cost",
                reason=f"writes would add {price.entries_per_day:,.0f} entries a day, "
                "which costs more than it saves",
            )
        if saved <= self.charges[number]:
            share = format_ratio((saved - price.write_value) / self.total_per_day)
            return Excess(
                code="too-little",
                reason=f"it would save {share} of the workload's time beside the chosen ones, "
                "less than what makes an index worth having",
            )
        return None

    def _does_not_fit(self, number: int) -> Excess:
        """It would be worth having, beside the chosen ones or in the place of some."""
        excess = self.bounds.excess(self.chosen | {number})
        if excess is None:
            return Excess(code="covered", reason="another set of the same worth was chosen")
        if excess.code != "over-budget":
            return excess
        allowed_bytes = self.bounds.budget.index_bytes or 0
        left = format_size(max(allowed_bytes - self.bounds.size_bytes(self.chosen), 0))
        needed = format_size(self.prices[number].size_bytes)
        reason = f"needs {needed}, and the chosen ones leave {left} of the budget"
        return Excess(code=excess.code, reason=reason)

    @staticmethod
    def _saved(number: int, users: Sequence[StatementKnowledge], others: frozenset[int]) -> float:
        """What a candidate saves a day beside others."""
        saved = 0.0
        for one in users:
            shown = one.bits(others)
            gained = one.cost(shown) - one.cost(shown | one.bits((number,)))
            saved += one.value_per_cost * gained
        return saved
