"""Extend: grow a set of indexes by one key at a time, the best benefit for each byte first.

After R. Schlosser, J. Kossmann, M. Boissier: *Efficient scalable multi-attribute index selection
using recursive strategies* (ICDE 2019).
"""

from __future__ import annotations

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
    """A set to go on with."""

    indexes: Indexes
    new_bytes: int
    """What it takes more than the set before."""


def extend(objective: Objective, budget_bytes: int, *, width: int) -> Indexes:
    """Choose indexes of at most so many keys.

    Sets beyond the budget are never costed; the framework costs them first, so that this asks
    fewer questions at small budgets and chooses the same.
    """
    attributes = all_attributes(objective.queries)
    objective.build(attributes)
    chosen, cost = NO_INDEX, objective.value(NO_INDEX)
    while True:
        best, best_cost, best_ratio = chosen, cost, 0.0
        for step in _steps(objective, chosen, attributes, width):
            if objective.total_bytes(step.indexes) > budget_bytes:
                continue
            value = objective.value(step.indexes)
            ratio = (cost - value) / max(step.new_bytes, 1)
            if value * MIN_COST_IMPROVEMENT < cost and ratio > best_ratio:
                best, best_cost, best_ratio = step.indexes, value, ratio
        if best == chosen:
            return chosen
        chosen, cost = best, best_cost


def _steps(
    objective: Objective,
    chosen: Indexes,
    attributes: Sequence[IndexDefinition],
    width: int,
) -> Iterator[_Step]:
    """One more index of one key, or one more key for an index that was chosen."""
    for attribute in attributes:
        if attribute not in chosen:
            size = objective.size_bytes(attribute)
            yield _Step(indexes=chosen | {attribute}, new_bytes=size)
    for index in sorted(chosen, key=lambda one: one.key_columns):
        if len(index.keys) >= width:
            continue
        for attribute in attributes:
            if attribute.table_oid != index.table_oid or attribute.keys[0] in index.keys:
                continue
            longer = appended(index, attribute)
            if longer not in chosen:
                grown = objective.size_bytes(longer) - objective.size_bytes(index)
                yield _Step(indexes=chosen - {index} | {longer}, new_bytes=grown)
