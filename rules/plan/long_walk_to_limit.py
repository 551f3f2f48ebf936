"""Walks through the order of an index that had to go far until a LIMIT was reached."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    IndexKey,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    format_count,
    format_ms,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    WantedKeys,
    filter_conditions,
    index_for,
    is_foreign_to_us,
    is_served,
    measured,
    measured_nodes,
    own_time,
    part_of,
    relation_of,
    share_of_plan,
    shown_condition,
    unmeasured,
    wanted_keys,
)

_ORDERED = frozenset({"Index Scan", "Index Only Scan"})
_READS_ALL = frozenset({"Sort", "Hash", "Bitmap Heap Scan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the walk was long."""

    min_removed_rows: float = 10_000.0
    """That it passed by, over all times that it was run."""

    min_removed_per_row_count: float = 100.0
    """Of them for each row that it returned."""

    min_time_ratio: float = 0.3
    """Share of the walk by itself in the time of the plan."""

    min_time_ms: float = 5.0
    """Of the walk by itself."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def long_walk_to_limit(case: Case, limits: Limits) -> Outcome:
    """ORDER BY with LIMIT walked far through an index before enough rows matched.

    ## Why it matters
    For ``WHERE tenant_id = 7 ORDER BY created_at DESC LIMIT 20`` the planner may walk the index on
    created_at and expect that the tenant's rows lie evenly in it.  Where they do not, or there are
    fewer than twenty, it passes by all rows of the table.  For another tenant the same plan takes
    a millisecond.

    ## What it leaves alone
    Walks that an index condition narrows down, that found enough rows soon, or that no LIMIT
    waits for; scans whose rows are all sorted or hashed above; what takes little of the time;
    columns for which such an index is there already.

    ## Before you act
    The bound is the part of the walk's time that went into rows that it passed by.  An index on
    the filter's columns followed by the order serves every value alike.  Until it is there,
    sorting by an expression that no index has keeps the planner off the walk: better for rare
    values, worse for frequent ones.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS)
        SELECT * FROM orders WHERE tenant_id = 7 ORDER BY created_at DESC LIMIT 20;
        CREATE INDEX CONCURRENTLY ON orders (tenant_id, created_at DESC);
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    for node in measured_nodes(case):
        of_node = node.node
        if of_node.node_type not in _ORDERED or of_node.index_condition or not of_node.filter:
            continue
        if is_foreign_to_us(case, of_node) or not _is_long(node, limits):
            continue
        if not _is_below_limit(node):
            continue
        wanted = wanted_keys(case, of_node, filter_conditions(of_node), order=_order_of(case, node))
        table = table_of(case, of_node)
        if wanted.equal and table is not None and is_served(case, table, wanted):
            continue
        yield _finding(case, node, wanted)


def _is_long(node: PlacedNode, limits: Limits) -> bool:
    removed = _removed(node)
    return (
        removed >= limits.min_removed_rows
        and removed >= limits.min_removed_per_row_count * node.use.rows
        and node.exclusive_ms >= limits.min_time_ms
        and share_of_plan(node, node.exclusive_ms) >= limits.min_time_ratio
    )


def _removed(node: PlacedNode) -> float:
    return node.node.rows_removed_by_filter * node.use.loops


def _is_below_limit(node: PlacedNode) -> bool:
    below = node
    for above in node.ancestors():
        if below.node.parent_relationship in {"InitPlan", "SubPlan"}:
            return False
        if above.node.node_type == "Limit":
            return True
        below = above
        is_summed = above.node.node_type == "Aggregate" and above.node.strategy != "Sorted"
        if above.node.node_type in _READS_ALL or is_summed:
            return False
    return False


def _order_of(case: Case, node: PlacedNode) -> tuple[IndexKey, ...]:
    """The keys of the index that is walked through, as far as the snapshot has it."""
    table = table_of(case, node.node)
    if table is None:
        return ()
    index = next((i for i in case.indexes_of(table) if i.name == node.node.index_name), None)
    return index.keys if index is not None else ()


def _finding(case: Case, node: PlacedNode, wanted: WantedKeys) -> Finding:
    removed = _removed(node)
    rows = node.use.rows
    walked_ms = node.exclusive_ms * part_of(removed, removed + rows)
    finding = Finding(
        subject=relation_of(case, node),
        summary=f"A page of {relation_of(case, node)} walked past {format_count(removed)} rows of "
        f"{node.node.index_name} to find {format_count(rows)}, in "
        f"{format_ms(node.exclusive_ms)} of {format_ms(node.total_ms)}",
        evidence=tuple(_evidence(node, removed)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "no condition narrows the index down",
            "a LIMIT waits for its rows, and nothing sorts them in between",
        ),
        remedies=(_remedy(case, node, wanted),),
        impact=Impact(risk="for values without rows near the start the whole table is read"),
    )
    return at_nodes(finding, (node,), saved_ms=walked_ms)


def _evidence(node: PlacedNode, removed: float) -> Iterator[Evidence]:
    yield measured(node, "rows passed by", removed, "rows", "Rows Removed by Filter")
    yield measured(node, "rows returned", node.use.rows, "rows", "actual rows")
    yield measured(node, "filter of the walk", shown_condition(node.node.filter))
    yield own_time(node)
    blocks = node.use.exclusive_buffers.touched_blocks
    if blocks:
        yield measured(node, "blocks touched", blocks, "blocks", "Buffers")


def _remedy(case: Case, node: PlacedNode, wanted: WantedKeys) -> Action:
    if wanted.equal and wanted.order:
        return index_for(case, node, wanted)
    name = node.node.relation
    return ManualSteps(
        title=f"Let an index of {name} hold what is asked for in its order",
        steps=(
            (
                "Create an index that begins with the columns of "
                f"`{shown_condition(node.node.filter)}` that are compared by equality, and ends in "
                f"the columns of {node.node.index_name}."
            ),
            (
                "Until then, sort by an expression that no index has (`created_at + interval '0'`, "
                "`id + 0`), where the rare values matter more."
            ),
            (
                "Compare both with EXPLAIN (ANALYZE, BUFFERS) for a value with many rows near the "
                "start and for one without."
            ),
        ),
    )
