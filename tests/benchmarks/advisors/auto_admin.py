"""AutoAdmin: the best set for each statement first, then the best set of what those have.

After S. Chaudhuri, V. Narasayya: *An efficient, cost-driven index selection tool for Microsoft
SQL Server* (VLDB 1997).  The paper bounds the number of indexes and not their size.  For a budget
of bytes, the sets beyond it are passed over while sets are enumerated, which is what later papers
of the same authors do; cutting a set down afterwards would throw away what was paid for.  Under a
budget, longer keys may make the greedy way end at a worse set than shorter ones did; the better
one is taken.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from pgadvisor.model.action import IndexDefinition
from tests.benchmarks.advisors.cost_model import (
    NO_INDEX,
    Indexes,
    Objective,
    all_attributes,
    appended,
    sort_key,
)

MAX_INDEXES = 15
SEED = 2
"""All sets of up to so many indexes are tried; from the best one on, the greedy way."""

_Value = Callable[[Indexes], float]


def auto_admin(
    objective: Objective,
    budget_bytes: int | None,
    *,
    width: int,
    max_indexes: int = MAX_INDEXES,
    seed: int = SEED,
) -> Indexes:
    """Choose indexes of at most so many keys.

    Args:
        objective: Values sets.
        budget_bytes: What the indexes may take together; None: whatever they take.
        width: The most keys.
        max_indexes: The most indexes.
        seed: All sets of up to so many indexes are tried.
    """
    attributes = all_attributes(objective.queries)
    tried, best = frozenset(attributes), NO_INDEX
    for keys in range(1, width + 1):
        candidates = _best_of_each_query(objective, tried, budget_bytes, max_indexes, seed)
        chosen = _enumerate(objective, objective.value, candidates, budget_bytes, max_indexes, seed)
        best = min(best, chosen, key=objective.value)
        if keys < width:
            tried = chosen | {
                appended(index, attribute)
                for index in chosen
                for attribute in attributes
                if attribute.table_oid == index.table_oid and attribute.keys[0] not in index.keys
            }
    return best


def _best_of_each_query(
    objective: Objective, tried: Indexes, budget_bytes: int | None, max_indexes: int, seed: int
) -> Indexes:
    """What is in the best set of at least one statement."""
    found: set[IndexDefinition] = set()
    for at, query in enumerate(objective.queries):
        columns = {(one.table_oid, one.keys[0]) for one in query.attributes}
        of_query = frozenset(one for one in tried if (one.table_oid, one.keys[0]) in columns)

        def value(indexes: Indexes, at: int = at) -> float:
            return objective.query_value(at, indexes)

        found |= _enumerate(objective, value, of_query, budget_bytes, max_indexes, seed)
    return frozenset(found)


def _enumerate(
    objective: Objective,
    value: _Value,
    candidates: Indexes,
    budget_bytes: int | None,
    max_indexes: int,
    seed: int,
) -> Indexes:
    """Greedy(m, k): the best of all small sets, and then one more index at a time."""
    ordered = sorted(candidates, key=sort_key)
    objective.build(ordered)
    small = (
        frozenset(some)
        for count in range(1, min(seed, max_indexes) + 1)
        for some in itertools.combinations(ordered, count)
    )
    chosen, cost = _cheapest(objective, value, small, budget_bytes, (NO_INDEX, value(NO_INDEX)))
    while len(chosen) < max_indexes:
        more = (chosen | {index} for index in ordered if index not in chosen)
        best, best_cost = _cheapest(objective, value, more, budget_bytes, (chosen, cost))
        if best == chosen:
            break
        chosen, cost = best, best_cost
    return chosen


def _cheapest(
    objective: Objective,
    value: _Value,
    sets: Iterable[Indexes],
    budget_bytes: int | None,
    best: tuple[Indexes, float],
) -> tuple[Indexes, float]:
    for tried in sets:
        if budget_bytes is not None and objective.total_bytes(tried) > budget_bytes:
            continue
        if (cost := value(tried)) < best[1]:
            best = (tried, cost)
    return best
