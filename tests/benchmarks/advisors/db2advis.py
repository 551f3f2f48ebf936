"""DB2Advis: show the planner all candidates at once, and credit those that it takes.

After G. Valentin, M. Zuliani, D. C. Zilio, G. Lohman, A. Skelley: *DB2 advisor: an optimizer
smart enough to recommend its own indexes* (ICDE 2000).
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from tests.benchmarks.advisors.cost_model import (
    NO_INDEX,
    Indexes,
    Objective,
    permutations_of,
    sort_key,
)

MAX_REMOVED = 4
"""A variation puts at most so many others in the place of at most as many chosen ones."""

_Beginning = tuple[int, tuple[IndexKey, ...]]
"""The OID of a table, and the first keys of an index on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """An index with what the statements that take it save."""

    index: IndexDefinition
    benefit: float
    size_bytes: int

    @property
    def rank(self) -> tuple[float, tuple[int, str, str, tuple[str, ...]]]:
        """The best benefit for each byte first; names settle ties."""
        return (-self.benefit / self.size_bytes, sort_key(self.index))


def db2advis(
    objective: Objective,
    budget_bytes: int,
    *,
    width: int,
    variation_seconds: float = 0.0,
    seed: int = 0,
) -> Indexes:
    """Choose indexes of at most so many keys.

    Args:
        objective: Values sets.
        budget_bytes: What the indexes may take together.
        width: The most keys.
        variation_seconds: How long random exchanges are tried at the end; 0: not at all.
        seed: Of those.
    """
    found = credits_of(objective, width)
    ranked = _without_subsumed(found)
    chosen = fill(ranked, budget_bytes)
    if variation_seconds <= 0:
        return chosen
    deadline = time.monotonic() + variation_seconds
    return _varied(objective, chosen, ranked, budget_bytes, deadline, random.Random(seed))


def credits_of(objective: Objective, width: int) -> list[Credit]:
    """Two EXPLAINs a statement: without an index, and with all of its candidates."""
    benefits: dict[IndexDefinition, float] = defaultdict(float)
    bare = objective.answers(NO_INDEX)
    shown = objective.answers_each([tuple(permutations_of(q, width)) for q in objective.queries])
    for query, without, with_all in zip(objective.queries, bare, shown, strict=True):
        for index in with_all.uses:
            benefits[index] += query.weight * (without.cost - with_all.cost)
    found = [
        Credit(index=index, benefit=benefit, size_bytes=objective.size_bytes(index))
        for index, benefit in benefits.items()
    ]
    return sorted(found, key=lambda one: one.rank)


def fill(ranked: Sequence[Credit], budget_bytes: int) -> Indexes:
    """Take one after the other, passing over those that there is no room for any more."""
    chosen, left = set(), budget_bytes
    for credit in ranked:
        if credit.size_bytes <= left:
            chosen.add(credit.index)
            left -= credit.size_bytes
    return frozenset(chosen)


def _without_subsumed(ranked: Sequence[Credit]) -> list[Credit]:
    """An index that ranks higher and begins with all keys of another takes over its benefit."""
    kept: list[Credit] = []
    first_with: dict[_Beginning, int] = {}
    for credit in ranked:
        higher = first_with.get(_beginning(credit.index, len(credit.index.keys)))
        if higher is not None:
            taken_over = kept[higher].benefit + credit.benefit
            kept[higher] = replace(kept[higher], benefit=taken_over)
            continue
        for count in range(1, len(credit.index.keys) + 1):
            first_with.setdefault(_beginning(credit.index, count), len(kept))
        kept.append(credit)
    return sorted(kept, key=lambda one: one.rank)


def _beginning(index: IndexDefinition, count: int) -> _Beginning:
    return (index.table_oid, index.keys[:count])


def _varied(
    objective: Objective,
    chosen: Indexes,
    ranked: Sequence[Credit],
    budget_bytes: int,
    deadline: float,
    chance: random.Random,
) -> Indexes:
    """Exchange some chosen indexes for others at random as long as that makes it cheaper."""
    pool = sorted((credit.index for credit in ranked), key=sort_key)
    best, best_cost = chosen, objective.value(chosen)
    if len(pool) == len(best) or not best:
        return best
    while time.monotonic() < deadline:
        present = sorted(best, key=sort_key)
        removed = chance.sample(present, min(chance.randint(1, MAX_REMOVED), len(present)))
        others = [index for index in pool if index not in best]
        chance.shuffle(others)
        tried = _filled_up(objective, best.difference(removed), others, budget_bytes)
        value = objective.value(tried)
        if value < best_cost:
            best, best_cost = tried, value
    return best


def _filled_up(
    objective: Objective, kept: Indexes, others: Sequence[IndexDefinition], budget_bytes: int
) -> Indexes:
    """Some of the others beside those that are kept, as long as there is room."""
    added: set[IndexDefinition] = set()
    left = budget_bytes - objective.total_bytes(kept)
    for index in others:
        if len(added) < MAX_REMOVED and objective.size_bytes(index) <= left:
            added.add(index)
            left -= objective.size_bytes(index)
    return kept | added
