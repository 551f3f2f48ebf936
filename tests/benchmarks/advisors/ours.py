"""Our own choice, in the terms of the comparison."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pgadvisor.choose.chooser import NO_STRICTNESS, IndexChooser
from pgadvisor.choose.workload import weigh
from pgadvisor.choose.write_cost import WriteCost
from pgadvisor.config import GateLimits
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.propose.options import DEFAULTS, ProposalOptions
from pgadvisor.whatif.backend import Backend
from tests.benchmarks.advisors.cost_model import Indexes, Query

TIME_LIMIT_MS = 10_000.0


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
    """
    catalog = Catalog(snapshot)
    rows = [
        Statement(id=query.id, text=query.text, source="workload", weight=query.weight)
        for query in queries
    ]
    usages = {
        row.id: usage for row in rows if (usage := usage_of(row.id, row.text, catalog)) is not None
    }
    # Small tables count as well: nobody else leaves them out.
    limits = GateLimits(min_table_bytes=0, min_table_rows=0)
    options = DEFAULTS if width is None else ProposalOptions(max_keys=width, include=False)
    candidates = propose_indexes(catalog, usages.values(), limits, options)
    # Nothing is written: what the load wrote is spread over all time.
    write_cost = WriteCost(catalog, tuple(usages.values()), math.inf)
    chooser = IndexChooser(
        weigh(rows, usages, catalog, 1.0).statements,
        [one for one in candidates if width is None or _is_plain(one, width)],
        backend,
        write_cost,
        catalog=catalog if is_strict else None,
        strictness=None if is_strict else NO_STRICTNESS,
    )
    choices = [chooser.choose(_budget(size, is_strict=is_strict)) for size in budgets_bytes]
    return [frozenset(one.candidate.definition for one in choice.chosen) for choice in choices]


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
