"""Index scans that touch many more blocks than their rows need."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Index,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    RebuildIndex,
    Severity,
    Table,
    at_nodes,
    executed_nodes,
    format_count,
    format_ms,
    qualified,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    is_worth_it,
    measured,
    own_time,
    unmeasured,
    without_buffers,
)

_DESCENT_BLOCKS = 4
"""From the root of an index to its leaves, at most in all but the largest."""
_ENTRIES_PER_LEAF = 100
"""Fewer than even long keys have."""
_MIN_ROWS_PER_PAGE = 5
"""Of wider rows, hardly two of one page are ever wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When blocks are wasted."""

    min_blocks_count: int = 2_000
    """Touched by the scan, over all loops."""

    min_rows_per_search_count: int = 20
    """That an index search gives: of fewer, each may well lie elsewhere."""

    min_page_ratio: float = 0.5
    """Pages of the table for each row: with so many, the rows hardly lie together."""

    max_correlation_ratio: float = 0.8
    """Between the order of the index and that of the table, where the snapshot tells it."""

    min_excess_ratio: float = 10.0
    """Blocks as a multiple of what live rows could cost: the rest are dead entries."""

    min_time_ms: float = 20.0
    """What can be saved at most."""

    min_time_ratio: float = 0.2
    """The same as a share of the plan's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waste:
    """What an index scan touched and what it could have done with."""

    blocks: float
    rows: float
    """All that it looked at, those that its filter removed included."""
    needed_blocks: float
    are_dead: bool
    """Entries without a live row, and not rows that lie far from each other."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def wasteful_index_reads(case: Case, limits: Limits) -> Outcome:
    """An index scan touches many more blocks than its rows need.

    ## Why it matters
    An index gives rows in its own order.  Where the table has them in another, each row is on a
    page of its own, and a thousand rows touch a thousand pages that might be ten.  Where rows
    were updated or deleted and not vacuumed, the index leads to entries that nobody sees any
    more, and a scan that returns ten rows may touch ten thousand blocks.

    ## What it leaves alone
    Scans that touch few blocks; lookups of a few rows each; wide rows; indexes whose order is
    nearly that of the table, as the statistics say; and conditions that bound the scan poorly,
    which read too many entries of an index in good order.  Without a snapshot dead entries are
    not told from those, and only scattered rows are reported.  What can be saved is at most the
    scan's own time in proportion to the blocks that it could do without.

    ## Before you act
    CLUSTER locks the table and lasts until the next changes only; pg_repack does the same without
    the lock.  An index with all columns that the statement needs spares the table.  Dead entries
    come back unless vacuum comes in time: look for long transactions first.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT sum(total) FROM orders WHERE customer_id < 100;
        -- Index Scan ... rows=2970  Buffers: shared hit=2973
        CREATE INDEX CONCURRENTLY ON orders (customer_id) INCLUDE (total);
        REINDEX INDEX CONCURRENTLY orders_customer_id_idx;  -- of dead entries, after VACUUM
    """
    yield from unmeasured(case)
    yield from without_buffers(case)
    found = (
        _finding(case, node, waste)
        for node in executed_nodes(case)
        if node.node.node_type == "Index Scan"
        and node.use.exclusive_buffers.touched_blocks >= limits.min_blocks_count
        and (waste := _waste(case, node, limits)) is not None
        and is_worth_it(node, _saved_ms(node, waste), limits)
    )
    yield from worst_of_each(found)


def _waste(case: Case, node: PlacedNode, limits: Limits) -> _Waste | None:
    blocks = float(node.use.exclusive_buffers.touched_blocks)
    searches = max(node.node.index_searches or 0.0, node.use.loops)
    # Before 18 rows are whole averages: a loop may have given half a row more.
    rows = node.use.rows + node.use.removed_rows + searches / 2
    index_blocks = searches * _DESCENT_BLOCKS + rows / _ENTRIES_PER_LEAF
    table, index = _index_of(case, node)
    if blocks >= limits.min_excess_ratio * (rows + index_blocks):
        if table is None or index is None or not _is_bounded(index, node, table):
            return None
        return _Waste(blocks=blocks, rows=rows, needed_blocks=rows + index_blocks, are_dead=True)
    pages = blocks - index_blocks
    is_scattered = (
        rows >= limits.min_rows_per_search_count * searches
        and pages >= limits.min_page_ratio * rows
        and pages <= (1 + limits.min_page_ratio) * rows  # more than one a row: long values
    )
    if not is_scattered or _lies_together(case, table, index, limits):
        return None
    density = _rows_per_page(table)
    if density is not None and density < _MIN_ROWS_PER_PAGE:
        return None
    needed = index_blocks + max(rows / density if density else 0.0, searches)
    return _Waste(blocks=blocks, rows=rows, needed_blocks=needed, are_dead=False)


def _index_of(case: Case, node: PlacedNode) -> tuple[Table | None, Index | None]:
    table = table_of(case, node.node)
    if table is None:
        return None, None
    named = (i for i in case.indexes_of(table) if i.name == node.node.index_name)
    return table, next(named, None)


def _is_bounded(index: Index, node: PlacedNode, table: Table) -> bool:
    """The condition names the first column alone: the scan reads no entry that is ruled out.

    Long values that its filter unpacks are blocks as well, so there must be none.
    """
    condition = node.node.index_condition or ""
    first, *others = index.key_columns
    return (
        index.access_method == "btree"
        and first is not None
        and _names(condition, first)
        and not any(other is None or _names(condition, other) for other in others)
        and (node.node.filter is None or table.toast_size_bytes == 0)
    )


def _names(condition: str, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", condition) is not None


def _lies_together(case: Case, table: Table | None, index: Index | None, limits: Limits) -> bool:
    first = index.key_columns[0] if index is not None else None
    if table is None or first is None:
        return False
    statistics = case.own_statistics_of(table, first)
    correlation = statistics.correlation if statistics is not None else None
    return correlation is not None and abs(correlation) > limits.max_correlation_ratio


def _rows_per_page(table: Table | None) -> float | None:
    if table is None or table.pages <= 0 or table.rows <= 0:
        return None
    return table.rows / table.pages


def _saved_ms(node: PlacedNode, waste: _Waste) -> float:
    """Its own time in proportion to the blocks that it could do without."""
    return node.exclusive_ms * max(1 - waste.needed_blocks / waste.blocks, 0.0)


def _finding(case: Case, node: PlacedNode, waste: _Waste) -> Finding:
    why = (
        "most of the entries that it reads lead to no live row"
        if waste.are_dead
        else "they lie far from each other in the table"
    )
    table, index = _index_of(case, node)
    finding = Finding(
        subject=node.name,
        summary=f"{node.name} touches {format_count(waste.blocks)} blocks for "
        f"{format_count(waste.rows)} rows, as {why}",
        detail=f"About {format_count(waste.needed_blocks)} blocks would do; the scan takes "
        f"{format_ms(node.exclusive_ms)}.",
        evidence=tuple(_evidence(case, node, waste)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.MEDIUM if index is not None else Confidence.LOW,
        guards=(
            "rows that its filter removed are counted as needed",
            "the way down the index is counted as needed",
        ),
        remedies=_dead_remedies(table, index) if waste.are_dead else (_together(node, table),),
    )
    return at_nodes(finding, [node], saved_ms=_saved_ms(node, waste))


def _evidence(case: Case, node: PlacedNode, waste: _Waste) -> Iterator[Evidence]:
    yield measured(node, "blocks touched", waste.blocks, "blocks")
    yield measured(node, "rows looked at", round(waste.rows), "rows")
    yield measured(node, "blocks that would do", round(waste.needed_blocks), "blocks")
    yield own_time(node)
    table, index = _index_of(case, node)
    first = index.key_columns[0] if index is not None else None
    if table is not None and first is not None:
        statistics = case.own_statistics_of(table, first)
        if statistics is not None and statistics.correlation is not None:
            yield Evidence(
                name=f"correlation of {first} and the table's order",
                value=round(statistics.correlation, 3),
                source="pg_stats.correlation",
            )


def _dead_remedies(table: Table | None, index: Index | None) -> tuple[Action, ...]:
    if table is None or index is None:
        return ()
    vacuum = ManualSteps(
        title=f"Vacuum {table.qualified_name}, so that the entries go",
        steps=(
            (
                "End what keeps vacuum from removing them: transactions that are open for long, "
                "prepared transactions, replication slots that nobody reads."
            ),
            (
                f"`VACUUM {qualified(table.schema, table.name)}`, then run the statement again: "
                "where it is fast now, the index need not be built anew."
            ),
        ),
    )
    rebuild = RebuildIndex(schema=index.schema, name=index.name, size_bytes=index.size_bytes)
    return vacuum, rebuild


def _together(node: PlacedNode, table: Table | None) -> ManualSteps:
    schema = table.schema if table is not None else node.node.schema
    name = node.node.relation or "the table"
    target = qualified(schema, name) if schema else name
    return ManualSteps(
        title="Touch fewer pages of the table",
        steps=(
            (
                "An index with all columns that the statement needs spares the table: `CREATE "
                f"INDEX CONCURRENTLY ON {target} (<the same columns>) INCLUDE (<the others>)`."
            ),
            (
                "A bitmap scan visits each page once: see whether `SET LOCAL work_mem` and "
                "`random_page_cost` let the planner choose one."
            ),
            (
                f"`CLUSTER {target} USING {node.node.index_name}` lays the rows together, under a "
                "lock on the table; `pg_repack --order-by` does so without."
            ),
        ),
    )
