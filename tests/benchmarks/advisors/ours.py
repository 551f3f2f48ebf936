"""Our own choice, in the terms of the comparison."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from pgadvisor.choose.workload import weigh
from pgadvisor.config import GateLimits
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.whatif.backend import Backend
from tests.benchmarks.advisors.cost_model import Indexes, Query

TIME_LIMIT_MS = 10_000.0


class MissingError(Exception):
    """What is to be measured has not been written yet."""


def ours(
    snapshot: Snapshot,
    queries: Sequence[Query],
    backend: Backend,
    budgets_bytes: Sequence[int],
    *,
    width: int | None,
    is_strict: bool = False,
) -> list[Indexes]:
    """Choose for each budget, one after the other, with what was learnt before.

    Args:
        snapshot: The database.
        queries: The workload; a call a day for each unit of weight, and nothing measured.
        backend: The planner.
        budgets_bytes: What the indexes may take together.
        width: The most keys, and plain btrees only; None: all that we propose.
        is_strict: An index has to be worth as much as our users want it to be; False: as for the
            others, whatever makes the summed cost lower is good.

    Raises:
        MissingError: There is no such chooser.
    """
    chooser_module = _module("pgadvisor.choose.chooser")
    catalog = Catalog(snapshot)
    rows = [
        Statement(id=query.id, text=query.text, source="workload", weight=query.weight)
        for query in queries
    ]
    usages = {
        row.id: usage for row in rows if (usage := usage_of(row.id, row.text, catalog)) is not None
    }
    candidates = propose_indexes(catalog, usages.values(), GateLimits())
    # Nothing is written: what the load wrote is spread over all time.
    write_cost = _write_cost()(catalog, tuple(usages.values()), math.inf)
    chooser = chooser_module.IndexChooser(
        weigh(rows, usages, catalog, 1.0).statements,
        [one for one in candidates if width is None or _is_plain(one, width)],
        backend,
        write_cost,
        **_limits(chooser_module, catalog, is_strict=is_strict),
    )
    choices = [chooser.choose(_budget(size, is_strict=is_strict)) for size in budgets_bytes]
    return [_indexes(choice) for choice in choices]


def _is_plain(candidate: Candidate, width: int) -> bool:
    definition = candidate.definition
    is_btree_of_columns = definition.access_method == "btree" and None not in definition.key_columns
    has_more = bool(definition.include or definition.predicate)
    return is_btree_of_columns and not has_more and len(definition.keys) <= width


def _budget(index_bytes: int, *, is_strict: bool) -> Budget:
    if is_strict:
        return Budget(index_bytes=index_bytes, time_limit_ms=TIME_LIMIT_MS)
    return Budget(
        index_bytes=index_bytes,
        max_indexes_per_table=1_000,
        max_regression_ratio=math.inf,
        min_saving_ratio=0.0,
        time_limit_ms=TIME_LIMIT_MS,
    )


def _limits(chooser_module: ModuleType, catalog: Catalog, *, is_strict: bool) -> dict[str, object]:
    """What the chooser is told of storage, and of what an index has to be worth."""
    return {"catalog": catalog} if is_strict else {"strictness": chooser_module.NO_STRICTNESS}


def _indexes(choice: Any) -> frozenset[IndexDefinition]:  # noqa: ANN401
    return frozenset(one.candidate.definition for one in choice.chosen)


def _write_cost() -> Callable[..., Any]:
    found: Callable[..., Any] = _module("pgadvisor.choose.write_cost").WriteCost
    return found


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingError(f"there is no {name} yet") from error
