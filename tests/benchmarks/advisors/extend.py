"""Extend: grow a set of indexes by one key at a time, the best benefit for each byte first.

After R. Schlosser, J. Kossmann, M. Boissier: *Efficient scalable multi-attribute index selection
using recursive strategies* (ICDE 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.action import IndexDefinition
from tests.benchmarks.advisors.cost_model import (
    NO_INDEX,
    Indexes,
    Objective,
    all_attributes,
    appended,
)

MIN_COST_IMPROVEMENT = 1.003
"""A step has to make the workload cheaper by this factor; the framework's own default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One more index of one key, or one more key for an index that was chosen."""

    added: IndexDefinition
    removed: Indexes = NO_INDEX


def extend(objective: Objective, budget_bytes: int, *, width: int) -> Indexes:
    """Choose indexes of at most so many keys.

    Sets beyond the budget are never costed; the framework costs them first, so that this asks
    fewer questions at small budgets and chooses the same.  Nor is a step valued again before
    something has changed for a statement that it concerns.
    """
    attributes = all_attributes(objective.queries)
    objective.build(attributes)
    savings = _Savings(objective)
    chosen, cost, taken_bytes = NO_INDEX, objective.value(NO_INDEX), 0
    while True:
        best, best_saving, best_ratio = None, 0.0, 0.0
        for step in _steps(chosen, attributes, width):
            new_bytes = objective.size_bytes(step.added) - objective.total_bytes(step.removed)
            if taken_bytes + new_bytes > budget_bytes:
                continue
            saving = savings.of(chosen, step)
            ratio = saving / max(new_bytes, 1)
            if (cost - saving) * MIN_COST_IMPROVEMENT < cost and ratio > best_ratio:
                best, best_saving, best_ratio = step, saving, ratio
        if best is None:
            return chosen
        taken_bytes += objective.size_bytes(best.added) - objective.total_bytes(best.removed)
        chosen, cost = chosen - best.removed | {best.added}, cost - best_saving
        savings.forget(best)


class _Savings:
    """What each step saves, until a statement that it concerns is planned otherwise."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._known: dict[int, dict[_Step, float]] = defaultdict(dict)
        """By the table of the step's index."""

    def of(self, chosen: Indexes, step: _Step) -> float:
        known = self._known[step.added.table_oid]
        if step not in known:
            known[step] = self._objective.saving(chosen, step.added, step.removed)
        return known[step]

    def forget(self, taken: _Step) -> None:
        """A step is taken: whatever concerns a statement that it concerns is open again."""
        queries = self._objective.queries
        for position in self._objective.concerned(taken.added):
            for attribute in queries[position].attributes:
                self._known.pop(attribute.table_oid, None)


def _steps(chosen: Indexes, attributes: Sequence[IndexDefinition], width: int) -> Iterator[_Step]:
    of_table: dict[int, list[IndexDefinition]] = defaultdict(list)
    for attribute in attributes:
        of_table[attribute.table_oid].append(attribute)
        if attribute not in chosen:
            yield _Step(added=attribute)
    for index in sorted(chosen, key=lambda one: one.key_columns):
        if len(index.keys) >= width:
            continue
        for attribute in of_table[index.table_oid]:
            if attribute.keys[0] in index.keys:
                continue
            longer = appended(index, attribute)
            if longer not in chosen:
                yield _Step(added=longer, removed=frozenset((index,)))
