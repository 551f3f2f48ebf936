"""Hash joins of an executed plan whose table went to disk in batches."""

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
    format_count,
    format_ms,
    node_source,
    qualified,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    HashSpillLimits,
    Memory,
    SpillCost,
    is_maintenance,
    measured,
    memory_evidence,
    memory_for,
    memory_remedies,
    own_time,
    spill_cost,
    unmeasured,
)

_UNDERESTIMATED = 2.0
"""So many times the rows that were planned."""
_SKEWED = 0.75
"""Of all memory that the batches could take: one of them alone takes most of it."""


@rule(severity=Severity.WARNING, since="0.1", limits=HashSpillLimits, requires=("executed-plans",))
def hash_join_on_disk(case: Case, limits: HashSpillLimits) -> Outcome:
    """A hash join does not fit into memory, and works in batches on disk.

    ## Why it matters
    A hash join keeps one side in a table in memory.  Where that is larger than ``work_mem`` times
    ``hash_mem_multiplier``, both sides are divided into batches, and all but the first are
    written to files and read again.  Where there are more batches than the planner expected, it
    took the side for smaller than it is, and might have joined otherwise had it known.

    ## What it leaves alone
    Joins in one batch; those that write little; those whose files cost little; and statements
    that build or refresh something.  What can be saved is at most twice what reading and writing
    the files took; where no I/O was timed, three fifths of what the join and its hash table took
    by themselves.  Where it is less than a third of the plan's time, it is a remark.

    ## Before you act
    See to the estimate first where there are more batches than planned: the right one may choose
    another side, or another join.  The memory that is told is what all batches took together, so
    at most what is needed.  Where one value has most of the rows, a batch cannot be divided, and
    takes more memory than is allowed.  Where nothing but hashes lacks memory, in this plan and in
    what else the role runs, ``hash_mem_multiplier`` gives the hash as much as ``work_mem`` would,
    and sorts no more than they have.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders JOIN customers c ON c.id = customer_id;
        -- Buckets: 65536 (originally 1024)  Batches: 16 (originally 1)
        ANALYZE customers;
        BEGIN; SET LOCAL hash_mem_multiplier = 4; SELECT ...; COMMIT;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, limits)
        for node in executed_nodes(case)
        if node.node.hash_table is not None
        and node.node.hash_table.batches > 1
        and not is_maintenance(node.execution)
        and _is_worth(case, node, limits)
    )
    yield from worst_of_each(found)


def _parts(hash_node: PlacedNode) -> tuple[PlacedNode, ...]:
    """The join first, then its table."""
    join = hash_node.parent
    return (hash_node,) if join is None else (join, hash_node)


def _is_worth(case: Case, node: PlacedNode, limits: HashSpillLimits) -> bool:
    blocks = sum(part.use.exclusive_buffers.temp_written_blocks for part in _parts(node))
    size = blocks * case.snapshot.server.block_size_bytes
    return (
        spill_cost(_parts(node)).is_worth(limits)
        and (size == 0 or size >= limits.min_disk_bytes)  # 0: the plan may have no buffers
    )


def _finding(case: Case, node: PlacedNode, limits: HashSpillLimits) -> Finding:
    table, parts = node.node.hash_table, _parts(node)
    assert table is not None  # noqa: S101 - else nothing was found
    needed = table.batches * table.peak_memory_bytes
    if node.node.parallel_aware:  # one table, with the memory of all
        needed = round(needed / node.use.processes)
    memory = memory_for(
        case,
        node,
        needed,
        most_bytes=limits.max_work_mem_bytes,
        most_multiplier_ratio=limits.max_hash_mem_multiplier_ratio,
    )
    has_grown = table.batches > table.original_batches > 0
    planned = f" (planned: {table.original_batches})" if has_grown else ""
    took = sum(part.exclusive_ms for part in parts)
    cost = spill_cost(parts)
    finding = Finding(
        severity=cost.severity(limits),
        subject=parts[0].name,
        summary=f"{parts[0].name} takes {format_ms(took)} by itself, in "
        f"{table.batches} batches{planned} of which all but one go to disk",
        detail=_detail(node, has_grown=has_grown),
        evidence=tuple(_evidence(node, memory, cost)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "the time of the two sides is not counted",
            "the statement is none that builds or refreshes something",
        ),
        remedies=memory_remedies(
            case,
            node,
            memory,
            is_for_role=cost.severity(limits) is None,
            title="Keep the hash join in memory",
            first=tuple(_first_steps(case, node, has_grown=has_grown)),
        ),
    )
    return at_nodes(finding, parts, saved_ms=cost.saved_ms)


def _hashed_rows(node: PlacedNode) -> float:
    """For each time that the table is filled, by all processes if they fill one together."""
    rows = node.children[0].use.rows if node.children else node.use.rows
    tables = node.use.loops / node.use.processes if node.node.parallel_aware else node.use.loops
    return rows / max(tables, 1.0)


def _expected_rows(node: PlacedNode) -> float:
    """The planner's rows are those of one process."""
    return node.node.rows * (node.use.processes if node.node.parallel_aware else 1.0)


def _detail(node: PlacedNode, *, has_grown: bool) -> str:
    table = node.node.hash_table
    parts = [
        (
            f"{format_count(_hashed_rows(node))} rows were put into the table, and "
            f"{format_count(_expected_rows(node))} were expected."
        )
    ]
    if has_grown and _hashed_rows(node) >= _UNDERESTIMATED * max(_expected_rows(node), 1.0):
        parts.append("The planner would have divided it at once, or joined otherwise.")
    if table is not None and table.original_batches and _is_skewed(node):
        parts.append("One batch holds most of it: few values have most of the rows.")
    return "  ".join(parts)


def _is_skewed(node: PlacedNode) -> bool:
    """One batch is as large as the rows of all of them are together."""
    table = node.node.hash_table
    row_bytes = node.node.width_bytes + 32
    all_bytes = _hashed_rows(node) * row_bytes
    return table is not None and table.peak_memory_bytes > _SKEWED * all_bytes > 0


def _first_steps(case: Case, node: PlacedNode, *, has_grown: bool) -> Iterator[str]:
    if has_grown:
        names = dict.fromkeys(
            qualified(table.schema, table.name) if table is not None else below.node.relation
            for below in node.walk()
            if below.node.relation
            for table in (table_of(case, below.node),)
        )
        analyze = "; ".join(f"`ANALYZE {name}`" for name in names)
        yield (
            "See to the estimate first, as more rows came than were expected"
            + (f": {analyze}" if analyze else "")
            + "."
        )
    yield "Let the side that is hashed have fewer rows or columns: filter it before the join."


def _evidence(node: PlacedNode, memory: Memory, cost: SpillCost) -> Iterator[Evidence]:
    table = node.node.hash_table
    if table is not None:
        yield measured(node, "batches", table.batches)
        yield measured(node, "batches as planned", table.original_batches)
        yield measured(node, "most memory of a batch", table.peak_memory_bytes, "bytes")
    yield measured(node, "rows put into the table", round(_hashed_rows(node)), "rows")
    for part in _parts(node):
        yield own_time(part)
    yield cost.evidence()
    yield from memory_evidence(memory, f"batches times their memory; {node_source(node)}")
