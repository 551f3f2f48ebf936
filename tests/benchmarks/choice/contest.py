"""Who takes part, and one run of one of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

import psycopg

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.references import implied_references
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.twin import Twin
from tests.benchmarks.advisors.auto_admin import auto_admin
from tests.benchmarks.advisors.cost_model import (
    NO_INDEX,
    Indexes,
    Objective,
    Planner,
    Query,
    permutations_of,
)
from tests.benchmarks.advisors.db2advis import db2advis
from tests.benchmarks.advisors.direct_hypopg import DirectHypoPG
from tests.benchmarks.advisors.extend import extend
from tests.benchmarks.advisors.one_explain import one_explain
from tests.benchmarks.advisors.ours import ours

PerBudget = Callable[[Objective, int], Indexes]
OursPerBudget = Callable[[Snapshot, Sequence[Query], Backend, Sequence[int]], list[Indexes]]

PUBLISHED: Mapping[str, PerBudget] = {
    "Extend W=1": partial(extend, width=1),
    "Extend W=2": partial(extend, width=2),
    "Extend W=3": partial(extend, width=3),
    "DB2Advis W=2": partial(db2advis, width=2),
    "DB2Advis W=3": partial(db2advis, width=3),
    "DB2Advis W=2, 10 s of variations": partial(db2advis, width=2, variation_seconds=10),
    "DB2Advis W=3, 10 s of variations": partial(db2advis, width=3, variation_seconds=10),
    "AutoAdmin W=2": partial(auto_admin, width=2),
    "AutoAdmin W=3": partial(auto_admin, width=3),
    "one EXPLAIN": one_explain,
}
OURS: Mapping[str, OursPerBudget] = {
    "ours W=2": partial(ours, width=2),
    "ours W=3": partial(ours, width=3),
    "ours, all kinds": partial(ours, width=None),
    "ours, as shipped": partial(ours, width=None, is_strict=True),
}
"""The first two choose from what the others do; the last has the limits that users get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A set that was chosen, and what the planner says of it."""

    indexes: Indexes
    index_bytes: int
    """As the planner predicts it."""
    base_costs: tuple[float, ...]
    costs: tuple[float, ...]
    """Of each statement, without and with the set."""
    call_count: int
    """EXPLAINs that the choice took."""
    seconds: float
    """What the choice took, hypothetical indexes included, but not the start of the planner."""

    @property
    def sum_ratio(self) -> float:
        """Summed cost, of that without an index."""
        return sum(self.costs) / sum(self.base_costs)

    @property
    def geometric_mean_ratio(self) -> float:
        """Of the ratios of each statement's cost."""
        return geometric_mean_ratio(self.base_costs, self.costs)


def geometric_mean_ratio(before: Sequence[float], after: Sequence[float]) -> float:
    """Of what each is after to what it was before."""
    logs = [math.log(new / old) for old, new in zip(before, after, strict=True)]
    return math.exp(sum(logs) / len(logs))


@contextmanager
def direct_hypopg(dsn: str) -> Iterator[DirectHypoPG]:
    """A planner on a connection of its own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield DirectHypoPG(connection)


def compete(
    queries: Sequence[Query],
    choose: PerBudget,
    budget_bytes: int,
    start: Callable[[], AbstractContextManager[Planner]],
) -> Outcome:
    """Let one of the published choose, with a planner that knows nothing yet."""
    with start() as planner:
        objective = Objective(queries, planner)
        started = time.perf_counter()
        indexes = choose(objective, budget_bytes)
        seconds = time.perf_counter() - started
        calls = planner.call_count
        return _outcome(objective, indexes, calls, seconds)


WORKERS = 2
"""Statements that a twin plans at once, for whoever asks for several together."""


def twin_for(snapshot: Snapshot, queries: Sequence[Query]) -> Twin:
    """The same twin for all, made as an analysis makes it."""
    catalog = Catalog(snapshot)
    usages = [usage_of(query.id, query.text, catalog) for query in queries]
    references = implied_references([one for one in usages if one is not None], catalog)
    return Twin(snapshot, workers=WORKERS, references=references)


def compete_with_ours(
    snapshot: Snapshot,
    queries: Sequence[Query],
    choose: OursPerBudget,
    budgets_bytes: Sequence[int],
) -> list[Outcome]:
    """Let ours choose for some budgets on one twin; calls and seconds are of all together."""
    with twin_for(snapshot, queries) as twin:
        started = time.perf_counter()
        chosen = choose(snapshot, queries, twin, budgets_bytes)
        seconds = time.perf_counter() - started
        calls = twin.call_count
        objective = Objective(queries, twin)
        return [_outcome(objective, indexes, calls, seconds) for indexes in chosen]


def chosen_by(
    name: str, snapshot: Snapshot, queries: Sequence[Query], budget_bytes: int
) -> Outcome:
    """What one of them chooses on the twin."""
    if name in OURS:
        [outcome] = compete_with_ours(snapshot, queries, OURS[name], [budget_bytes])
        return outcome
    return compete(queries, PUBLISHED[name], budget_bytes, lambda: twin_for(snapshot, queries))


def floor_ratios(queries: Sequence[Query], planner: Planner, width: int) -> tuple[float, float]:
    """Summed cost and geometric mean, of those without an index, with all candidates there."""
    objective = Objective(queries, planner)
    lowest = [
        answer.cost
        for at, query in enumerate(queries)
        for answer in objective.answers(frozenset(permutations_of(query, width)), [at])
    ]
    without = objective.costs(NO_INDEX)
    return sum(lowest) / sum(without), geometric_mean_ratio(without, lowest)


def _outcome(objective: Objective, indexes: Indexes, calls: int, seconds: float) -> Outcome:
    return Outcome(
        indexes=indexes,
        index_bytes=objective.total_bytes(indexes),
        base_costs=objective.costs(NO_INDEX),
        costs=objective.costs(indexes),
        call_count=calls,
        seconds=seconds,
    )
