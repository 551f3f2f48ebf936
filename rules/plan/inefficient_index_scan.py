"""Index scans whose condition leaves most of the work to a filter, or to the whole index."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    Skipped,
    at_nodes,
    format_count,
    format_ms,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    conditions_of,
    filter_conditions,
    index_for,
    is_foreign_to_us,
    is_served,
    measured,
    measured_nodes,
    own_name,
    own_time,
    part_of,
    relation_of,
    scan_conditions,
    share_of_plan,
    shown_condition,
    unmeasured,
    wanted_keys,
)

_BY_INDEX = frozenset({"Index Scan", "Index Only Scan", "Bitmap Heap Scan"})
_NOT_BITMAPS = frozenset({"Index Scan", "Index Only Scan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When an index leads to far more than is wanted."""

    min_removed_rows: float = 1_000.0
    """That were found by the index and then discarded, over all times that it was run."""

    min_removed_per_row_count: float = 10.0
    """Of them for each row that is returned."""

    min_blocks_count: float = 1_000.0
    """That a scan touches which cannot use the first column of its index."""

    min_blocks_per_row_count: float = 10.0
    """Of them for each row that it finds."""

    min_time_ratio: float = 0.2
    """Share of the scan by itself in the time of the plan."""

    min_time_ms: float = 5.0
    """Of the scan by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waste:
    """A scan with what it read for nothing."""

    node: PlacedNode
    removed: float
    index: Index | None = None
    """Whose first column is not in the condition; None: the filter discards too much."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def inefficient_index_scan(case: Case, limits: Limits) -> Outcome:
    """An index finds many rows of which a filter leaves few over.

    ## Why it matters
    An index scan fetches each row that its condition finds from the table, and then filters.
    Where the filter discards ten for each that is returned, the index lacks a column: with it,
    the ten are never fetched.  And where no condition is on the index's first column, the whole
    index is read to find a few entries.

    ## What it leaves alone
    Scans that discard little, or take little of the time; walks without a condition, which are
    told with their LIMIT; what a lossy bitmap checks again; filters that no index serves; columns
    that another valid index begins with already.  Whether the first column of the index is used
    is known only with a snapshot of the database.

    ## Before you act
    The bound is the part of the scan's time that went into discarded rows, or all of it where the
    index is read as a whole.  A wider index may take the place of the one that is used: see who
    else uses that before it is dropped.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders WHERE customer_id = 42 AND status = 'open';
        CREATE INDEX CONCURRENTLY ON orders (customer_id, status);
    """
    yield from unmeasured(case)
    yield from _uncounted(case, limits)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        if node.node.node_type not in _BY_INDEX or is_foreign_to_us(case, node.node):
            continue
        if not _takes_time(node, limits):
            continue
        waste = _filtered(node, limits) or _unbounded(case, node, limits)
        if waste is not None:
            yield from _told(case, waste)


def _takes_time(node: PlacedNode, limits: Limits) -> bool:
    return (
        node.exclusive_ms >= limits.min_time_ms
        and share_of_plan(node, node.exclusive_ms) >= limits.min_time_ratio
    )


def _uncounted(case: Case, limits: Limits) -> Iterator[Skipped]:
    """Plans with a scan that may read its whole index, if only blocks were counted."""
    told: set[int] = set()
    for node in measured_nodes(case):
        root = node.execution.plan.root
        number = node.execution_number
        if root.buffers.touched_blocks or number in told or not _takes_time(node, limits):
            continue
        if _unused_first(case, node) is not None:
            told.add(number)
            reason = "the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)"
            yield Skipped(rule_id="", subject=node.execution.source, reason=reason)


def _filtered(node: PlacedNode, limits: Limits) -> _Waste | None:
    of_node = node.node
    has_condition = of_node.index_condition or of_node.recheck_condition
    removed = of_node.rows_removed_by_filter
    if of_node.heap_blocks is None or not of_node.heap_blocks.lossy:
        removed += of_node.rows_removed_by_index_recheck
    removed *= node.use.loops
    is_much = removed >= limits.min_removed_rows
    if has_condition and is_much and removed >= limits.min_removed_per_row_count * node.use.rows:
        return _Waste(node=node, removed=removed)
    return None


def _unbounded(case: Case, node: PlacedNode, limits: Limits) -> _Waste | None:
    """A scan that touches many blocks, and does not use the first column of its index."""
    index = _unused_first(case, node)
    blocks = node.use.exclusive_buffers.touched_blocks
    found = max(node.use.rows + node.use.removed_rows, 1.0)
    is_much = blocks >= limits.min_blocks_count
    if index is not None and is_much and blocks >= limits.min_blocks_per_row_count * found:
        return _Waste(node=node, removed=node.use.removed_rows, index=index)
    return None


def _unused_first(case: Case, node: PlacedNode) -> Index | None:
    """The index of a scan that has a condition, but none on the first column of it."""
    of_node, table = node.node, table_of(case, node.node)
    if of_node.node_type not in _NOT_BITMAPS or not of_node.index_condition or table is None:
        return None
    index = next((i for i in case.indexes_of(table) if i.name == of_node.index_name), None)
    bounded = {c.column for c in conditions_of(of_node.index_condition, own_name(of_node))}
    if index is None or index.access_method != "btree" or index.key_columns[0] in bounded:
        return None
    if index.key_columns[0] is None or None in bounded:
        return None  # an expression, which is written in more than one way
    return index


def _told(case: Case, waste: _Waste) -> Iterator[Finding]:
    node = waste.node
    table = table_of(case, node.node)
    conditions = scan_conditions(node.node)
    filters = filter_conditions(node.node)
    wanted = wanted_keys(case, node.node, conditions)
    bounded = {c.column for c in conditions[: len(conditions) - len(filters)]}
    adds = any(key.column not in bounded for key in wanted.keys)
    has_key = bool(wanted.keys) and (adds or waste.index is not None)
    if has_key and table is not None and is_served(case, table, wanted):
        return
    remedy: Action
    if has_key:
        remedy = index_for(case, node, wanted)
    elif any((c.expression and c.is_equality) or c.arms for c in filters):
        remedy = _by_hand(node)
    else:
        return
    yield _finding(case, waste, remedy)


def _finding(case: Case, waste: _Waste, remedy: Action) -> Finding:
    node, removed = waste.node, waste.removed
    read = removed + node.use.rows
    share = part_of(removed, read) if waste.index is None else 1.0
    name = node.node.index_name or "its index"
    finding = Finding(
        subject=relation_of(case, node),
        summary=_summary(waste, name),
        detail=f"The scan took {format_ms(node.exclusive_ms)} of {format_ms(node.total_ms)}.",
        evidence=tuple(_evidence(waste)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if waste.index is None else Confidence.MEDIUM,
        guards=(
            "it has a condition that its index serves",
            "no lossy bitmap is the reason",
            "it takes much of the time",
        ),
        remedies=(remedy,),
        impact=Impact(risk="it fetches more rows for nothing as the table grows"),
    )
    return at_nodes(finding, (node,), saved_ms=node.exclusive_ms * share)


def _summary(waste: _Waste, name: str) -> str:
    node = waste.node
    if waste.index is not None:
        blocks = node.use.exclusive_buffers.touched_blocks
        return (
            f"No condition is on {waste.index.key_columns[0]}, the first column of {name}: "
            f"{format_count(blocks)} blocks were touched for {format_count(node.use.rows)} rows"
        )
    return (
        f"{node.name} found {format_count(waste.removed + node.use.rows)} rows, of which its "
        f"filter left {format_count(node.use.rows)} over"
    )


def _evidence(waste: _Waste) -> Iterator[Evidence]:
    node, of_node = waste.node, waste.node.node
    yield measured(node, "rows discarded", waste.removed, "rows", "Rows Removed by Filter")
    yield measured(node, "rows returned", node.use.rows, "rows", "actual rows")
    for name, text in (
        ("condition of the index", of_node.index_condition or of_node.recheck_condition),
        ("filter", of_node.filter),
    ):
        if text:
            yield measured(node, name, shown_condition(text))
    yield own_time(node)
    blocks = node.use.exclusive_buffers.touched_blocks
    if blocks:
        yield measured(node, "blocks touched", blocks, "blocks", "Buffers")


def _by_hand(node: PlacedNode) -> ManualSteps:
    bounded = shown_condition(node.node.index_condition or node.node.recheck_condition)
    return ManualSteps(
        title=f"Let an index of {node.node.relation} hold what is filtered by",
        steps=(
            (
                "Create an index that begins with the columns of "
                f"`{bounded}` and ends in what "
                f"`{shown_condition(node.node.filter)}` compares, an expression too."
            ),
            "Or make the index partial where the filter always has the same constants.",
            "Compare with EXPLAIN (ANALYZE, BUFFERS).",
        ),
    )
