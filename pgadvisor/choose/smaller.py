"""Statements with smaller indexes than the planner takes, for a budget to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.inquiry import Inquirer, Question
from pgadvisor.choose.pool import Pool

WIDE = 24
"""Candidates that a statement can be shown at once."""
_SHARES_OF_BUDGET = (1.0, 0.25)
_LARGE_RATIO = 0.05
"""Of the budget: an index that takes so much more than what it begins with is a large one."""
_LEAST_VALUE_RATIO = 0.0005
"""Statements of less than this share are not asked about halves,"""
_LEAST_OF_REST = 0.005
"""if they are less than this share of what is left with every candidate, too."""


class SmallerIndexes:
    """What to ask about smaller indexes; without a budget of storage, nothing.

    Args:
        pool: The statements.
        sizes_bytes: Of the candidates, by number.
        bounds: What may be chosen.
        base_value: What the workload takes a day as it is.
    """

    def __init__(
        self, pool: Pool, sizes_bytes: Sequence[int], bounds: Bounds, base_value: float
    ) -> None:
        self._pool = pool
        self._sizes_bytes = sizes_bytes
        self._bounds = bounds
        self._base_value = base_value

    def shares(self) -> Iterator[list[int]]:
        """Candidates of which one, or several, fit into the budget, where others do not."""
        budget_bytes = self._bounds.budget.index_bytes
        if budget_bytes is None:
            return
        sizes = list(enumerate(self._sizes_bytes))
        for share in _SHARES_OF_BUDGET:
            limit_bytes = budget_bytes * share
            small = [n for n, size in sizes if size <= limit_bytes and self._bounds.allows(n)]
            if len(small) < len(sizes):
                yield small

    def halves(self) -> list[Question]:
        """Statements with candidates of less than half the size of what they take at least.

        So each has plans of several sizes.
        """
        if self._bounds.budget.index_bytes is None:
            return []
        rest = self._pool.rest_value
        least_value = min(_LEAST_VALUE_RATIO * self._base_value, _LEAST_OF_REST * rest)
        found: list[Question] = []
        for one in self._pool.knowledge:
            if one.value_per_cost * one.base_cost < least_value:
                continue
            taken = [
                sum(self._sizes_bytes[number] for number in one.candidates(plan.uses))
                for plan in one.plans
                if plan.uses
            ]
            least_bytes = min(taken, default=0)
            shown = one.bits(
                number
                for number in one.usable
                if self._sizes_bytes[number] < least_bytes / 2 and self._bounds.allows(number)
            )
            if shown and one.exact(shown) is None:
                found.append((one, shown))
        return found

    def beginnings(self, inquirer: Inquirer) -> list[Question]:
        """Statements with what a large index begins with, in its place.

        It does nearly the same, and leaves room for another one.  Where a statement can be shown
        few candidates, its plans are found without.

        Args:
            inquirer: Who knows what indexes begin with.
        """
        budget_bytes = self._bounds.budget.index_bytes
        if budget_bytes is None:
            return []
        found: dict[Question, None] = {}
        for one in self._pool.knowledge:
            if len(one.usable) <= WIDE:
                continue
            # The cheapest plan with each index.
            plans = reversed(one.plans)
            taken = {number: plan.uses for plan in plans for number in one.candidates(plan.uses)}
            for number, uses in taken.items():
                limit_bytes = self._sizes_bytes[number] - _LARGE_RATIO * budget_bytes
                smaller = one.bits(
                    other
                    for other in inquirer.beginnings(number)
                    if self._sizes_bytes[other] <= limit_bytes and self._bounds.allows(other)
                )
                shown = uses & ~one.bits((number,)) | smaller
                if smaller and one.exact(shown) is None:
                    found[one, shown] = None
        return list(found)
