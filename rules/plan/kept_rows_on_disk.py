"""Rows that an executed plan keeps for later, on disk."""

from collections.abc import Iterator

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_ms,
    format_size,
    node_source,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    Memory,
    SpillCost,
    SpillLimits,
    is_maintenance,
    measured,
    memory_evidence,
    memory_for,
    memory_remedies,
    own_time,
    rows_in_memory_bytes,
    spill_cost,
    unmeasured,
)

_KEEPERS = {
    "CTE Scan": "Write the WITH query into the place where it is used, or as NOT MATERIALIZED, "
    "where it is used once: then it need not be kept.",
    "Materialize": "See why the rows are read again and again: an index on the inner side of the "
    "join, or a condition that can be hashed, needs no copy.",
    "WindowAgg": "Let the window end at the current row (`ROWS BETWEEN ... AND CURRENT ROW`), or "
    "divide it by PARTITION BY: what is kept is the rows of one partition.",
    "Function Scan": "Call the function in the SELECT list of a subquery, which keeps no rows, or "
    "let it return fewer.",
    "Table Function Scan": "Let it return fewer rows or columns.",
    "Recursive Union": "Let each round of the recursion return fewer rows or columns.",
}
"""Nodes that keep rows, with what makes them keep fewer."""


@rule(severity=Severity.WARNING, since="0.1", limits=SpillLimits, requires=("executed-plans",))
def kept_rows_on_disk(case: Case, limits: SpillLimits) -> Outcome:
    """Rows that are kept for later do not fit into work_mem, and are written to disk.

    ## Why it matters
    A WITH query that is materialized, the inner side of some joins, a window and a function that
    returns a table keep their rows until nobody needs them any more.  What is larger than
    ``work_mem`` goes to a file, and is read from there, each time that it is needed.

    ## What it leaves alone
    Rows that are kept in memory; small files; nodes whose files cost little; and statements that
    build or refresh something.  PostgreSQL 18 tells what
    is kept; before, the blocks of temporary files tell it, for which the plan needs BUFFERS.
    What can be saved is at most twice what reading and writing the files took; where no I/O was
    timed, three fifths of the node's own time.  Where it is less than a third of the plan's time,
    it is a remark.

    ## Before you act
    Rows take more room in memory than in a file: about 60 bytes each, and before PostgreSQL 15
    twice their own size.  Keep fewer and narrower rows first.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) WITH o AS MATERIALIZED (SELECT * FROM orders)
        SELECT count(*) FROM o WHERE total > 900;
        -- CTE Scan on o ... Storage: Disk  Maximum Storage: 9320kB
        WITH o AS NOT MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM o WHERE total > 900;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, size, limits)
        for node in executed_nodes(case)
        if (size := _disk_bytes(case, node)) > 0
        and size >= limits.min_disk_bytes
        and not is_maintenance(node.execution)
        and spill_cost([node]).is_worth(limits)
    )
    yield from worst_of_each(found)


def _disk_bytes(case: Case, node: PlacedNode) -> int:
    """What is kept on disk at one time; by blocks that were written where nothing else tells."""
    if node.node.node_type not in _KEEPERS:
        return 0
    storage = node.node.storage
    if storage is not None:
        return storage.maximum_bytes if storage.storage_type == "Disk" else 0
    blocks = node.use.exclusive_buffers.temp_written_blocks
    return round(blocks * case.snapshot.server.block_size_bytes / max(_fillings(node), 1.0))


def _fillings(node: PlacedNode) -> float:
    """How often the rows were kept anew: a rescan that only reads them does not count."""
    sources = [child.use.loops for child in node.children]
    return max([1.0, *sources]) if node.node.node_type in {"Materialize", "WindowAgg"} else 1.0


def _kept_rows(node: PlacedNode) -> float:
    """At most; of a CTE the rows that are left are those that its filter let pass as well."""
    if node.children and node.node.node_type in {"Materialize", "WindowAgg"}:
        return node.children[0].use.rows / _fillings(node)
    return (node.use.rows + node.use.removed_rows) / max(node.use.loops, 1.0)


def _finding(case: Case, node: PlacedNode, size: int, limits: SpillLimits) -> Finding:
    needed = rows_in_memory_bytes(case, size, _kept_rows(node))
    memory = memory_for(case, node, needed, most_bytes=limits.max_work_mem_bytes)
    cost = spill_cost([node])
    finding = Finding(
        severity=cost.severity(limits),
        subject=_place(node),
        summary=f"{_place(node)} keeps {format_size(size)} of rows on disk and takes "
        f"{format_ms(node.exclusive_ms)} by itself",
        evidence=tuple(_evidence(node, size, memory, cost)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if node.node.storage else Confidence.MEDIUM,
        guards=(
            "the time of what gives the rows is not counted",
            "the statement is none that builds or refreshes something",
        ),
        remedies=memory_remedies(
            case,
            node,
            memory,
            is_for_role=cost.severity(limits) is None,
            title="Keep fewer rows, or keep them in memory",
            first=(_KEEPERS[node.node.node_type], "Keep only the columns that are needed later."),
        ),
    )
    return at_nodes(finding, [node], saved_ms=cost.saved_ms)


def _place(node: PlacedNode) -> str:
    name = node.node.cte_name or node.node.function_name
    return f"{node.name} on {name}" if name and not node.node.relation else node.name


def _evidence(node: PlacedNode, size: int, memory: Memory, cost: SpillCost) -> Iterator[Evidence]:
    yield measured(node, "kept on disk", size, "bytes")
    yield measured(node, "rows kept", round(_kept_rows(node)), "rows")
    yield own_time(node)
    yield cost.evidence()
    source = f"size on disk, and headers and a slot for each row; {node_source(node)}"
    yield from memory_evidence(memory, source)
