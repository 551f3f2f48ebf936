"""The twin of six indexes to choose from, and what planning all sets of them tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest

from pgadvisor.choose.chooser import (
    BUILD_EVERY_DAYS,
    BUILD_MS_PER_MIB,
)
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.units import MiB
from pgadvisor.whatif.backend import Built
from pgadvisor.whatif.twin import Twin
from tests.choose.six_indexes import (
    BUDGETS,
    CANDIDATES,
    CATALOG,
    DAYS,
    STATEMENTS,
    Truth,
    chooser,
    cost,
    weighted,
)


@pytest.fixture(scope="module")
def truth() -> Truth:
    """Plans of all statements with all sets, from a twin of their own: nothing is known before."""
    definitions = [one.definition for one in CANDIDATES]
    every = [
        frozenset(chosen)
        for count in range(len(definitions) + 1)
        for chosen in combinations(definitions, count)
    ]
    workload = weighted(*STATEMENTS)
    write_cost = WriteCost(CATALOG, (), DAYS, workload)
    with Twin(CATALOG.snapshot) as twin:
        built = [one for one in twin.build(definitions) if isinstance(one, Built)]
        sizes_bytes = {one.definition: one.size_bytes for one in built}
        paid = {
            one: write_cost.entries_per_day(one) * WRITE_MS_PER_ENTRY
            + size_bytes / MiB * BUILD_MS_PER_MIB / BUILD_EVERY_DAYS
            for one, size_bytes in sizes_bytes.items()
        }
        costs = {chosen: [cost(twin, one, chosen) for one in workload] for chosen in every}
    times = [one.time_ms_per_day or 0.0 for one in workload]
    saved = {
        chosen: sum(
            time * (1 - after / before)
            for time, before, after in zip(times, costs[frozenset()], costs[chosen], strict=True)
        )
        - sum(paid[one] for one in chosen)
        for chosen in every
    }
    return Truth(saved=saved, sizes_bytes=sizes_bytes, plan_count=len(every) * len(workload))


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """A twin that has not been asked."""
    with Twin(CATALOG.snapshot) as twin:
        yield twin


@pytest.fixture(scope="module")
def chosen(twin: Twin) -> Mapping[Budget, Choice]:
    """The choice for each budget, by one chooser."""
    one = chooser(twin)
    return {budget: one.choose(budget) for budget in BUDGETS}
