"""Greedy choice by saved time per byte, under the budget.

A move adds the indexes that one atomic plan still lacks, so that two indexes which only
pay together are found too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from pgadvisor.choose.optimiser import Problem, Refusal, Solution
from pgadvisor.choose.plans import StatementPlans
from pgadvisor.model.action import IndexDefinition
from pgadvisor.units import format_ratio, format_size

_Move = frozenset[IndexDefinition]

MIN_STATEMENT_GAIN_RATIO = 0.2
"""An index has to take at least this share off what one statement costs now; less is within
the error of the planner's estimates."""


def greedy(problem: Problem) -> Solution:
    """Choose until nothing worthwhile fits any more."""
    search = _Search(problem)
    while (move := search.best_move()) is not None:
        search.take(move)
    return Solution(chosen=tuple(search.chosen), refused=search.refusals())


_NOT_FELT = -math.inf


class _Search:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.chosen: list[IndexDefinition] = []
        self._set: frozenset[IndexDefinition] = frozenset()
        self._rows_by_index: dict[IndexDefinition, list[StatementPlans]] = {}
        self._move_gain: dict[_Move, float] = {}
        for row in problem.table.rows:
            for plan in row.alternatives:
                for definition in plan.uses:
                    rows = self._rows_by_index.setdefault(definition, [])
                    if not rows or rows[-1] is not row:
                        rows.append(row)
        self._add_moves(problem.table.rows)

    def best_move(self) -> _Move | None:
        """The affordable move with the most saved per byte; the names break ties."""
        best: tuple[float, int, str] | None = None
        found: _Move | None = None
        for move, gain in self._move_gain.items():
            if not self._is_worthwhile(gain) or self._bound_hit(move) is not None:
                continue
            size = max(sum(self._problem.prices[d].size_bytes for d in move), 1)
            names = " ".join(sorted(self._problem.prices[d].name for d in move))
            key = (-gain / size, size, names)
            if best is None or key < best:
                best, found = key, move
        return found

    def take(self, move: _Move) -> None:
        """Choose the move's indexes, and value again what they change."""
        ordered = sorted(move, key=lambda d: self._problem.prices[d].name)
        self.chosen += [d for d in ordered if d not in self._set]
        self._set |= move
        changed = {id(row): row for d in move for row in self._rows_by_index.get(d, ())}
        touched = {d for row in changed.values() for p in row.alternatives for d in p.uses}
        for stale in [m for m in self._move_gain if m & (touched | move)]:
            del self._move_gain[stale]
        rows = {id(row): row for d in touched for row in self._rows_by_index.get(d, ())}
        self._add_moves(rows.values())

    def refusals(self) -> dict[IndexDefinition, Refusal]:
        """Why each index that was not chosen was not."""
        return {
            definition: self._refusal(definition)
            for definition in self._problem.prices
            if definition not in self._set
        }

    def _add_moves(self, rows: Iterable[StatementPlans]) -> None:
        for row in rows:
            for plan in row.alternatives:
                move = plan.uses - self._set
                if move and move not in self._move_gain:
                    self._move_gain[move] = self._gain(move)

    def _gain(self, move: _Move) -> float:
        """What the move saves a day beyond what is chosen already, less what the writes pay.

        Returns:
            In the valuation's unit; minus infinity where no statement gets markedly cheaper.
        """
        after = self._set | move
        rows = {id(row): row for d in move for row in self._rows_by_index.get(d, ())}
        saved, best_ratio = 0.0, 0.0
        for row in rows.values():
            before_cost, after_cost = row.cost_under(self._set), row.cost_under(after)
            value = self._problem.valuation
            saved += value.per_day(row, before_cost) - value.per_day(row, after_cost)
            if row.base_cost > 0:
                best_ratio = max(best_ratio, (before_cost - after_cost) / row.base_cost)
        if best_ratio < MIN_STATEMENT_GAIN_RATIO:
            return _NOT_FELT
        return saved - sum(self._problem.prices[d].write_value for d in move)

    def _is_worthwhile(self, gain: float) -> bool:
        return gain > 0 and gain >= self._problem.valuation.total * (
            self._problem.budget.min_saving_ratio
        )

    def _bound_hit(self, move: _Move) -> Refusal | None:
        """The bound of the budget that the move would exceed."""
        budget, prices = self._problem.budget, self._problem.prices
        used = sum(prices[d].size_bytes for d in self._set)
        needed = sum(prices[d].size_bytes for d in move)
        if budget.index_bytes is not None and used + needed > budget.index_bytes:
            left = format_size(budget.index_bytes - used)
            reason = f"needs {format_size(needed)}, and {left} of the budget are left"
            return Refusal(code="over-budget", reason=reason)
        if budget.max_indexes is not None and len(self._set) + len(move) > budget.max_indexes:
            reason = f"{budget.max_indexes} new indexes are allowed, and better ones use them up"
            return Refusal(code="too-many", reason=reason)
        per_table = Counter(d.table_oid for d in self._set | move)
        limit = budget.max_indexes_per_table
        if any(per_table[d.table_oid] > limit for d in move):
            reason = f"its table gets {limit} new indexes already, which is the bound"
            return Refusal(code="too-many", reason=reason)
        return None

    def _refusal(self, definition: IndexDefinition) -> Refusal:
        rows = self._rows_by_index.get(definition)
        if not rows:
            reason = "the planner takes it for no statement, even where it could"
            return Refusal(code="not-used", reason=reason)
        alone = frozenset({definition})
        bound = self._bound_hit(alone)
        gain = self._gain(alone)
        if self._is_worthwhile(gain) and bound is not None:
            return bound
        price, value = self._problem.prices[definition], self._problem.valuation
        if gain + price.write_value > 0 >= gain:
            reason = (
                f"writes would add {price.entries_per_day:,.0f} entries a day, "
                "which costs more than it saves"
            )
            return Refusal(code="write-cost", reason=reason)
        if any(row.cost_under(self._set) < row.base_cost for row in rows):
            return Refusal(code="covered", reason="the chosen indexes serve its statements")
        share = format_ratio(max(gain, 0.0) / value.total if value.total else 0.0)
        reason = f"saves {share} of the workload, less than what makes an index worth having"
        return Refusal(code="too-little", reason=reason)
