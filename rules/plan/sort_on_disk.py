"""Sorts of an executed plan that went through temporary files."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    MiB,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_count,
    format_ms,
    format_size,
    node_source,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    Memory,
    is_maintenance,
    is_worth_it,
    measured,
    memory_evidence,
    memory_for,
    memory_remedies,
    own_time,
    rows_in_memory_bytes,
    unmeasured,
)

_MIN_ROW_BYTES = 10
"""Of a row in the file, at least: its length and a short value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a sort on disk is worth mentioning."""

    min_disk_bytes: int = 1 * MiB
    """Written by one process for one sort."""

    min_time_ms: float = 50.0
    """What the sort takes by itself."""

    min_time_ratio: float = 0.1
    """The same as a share of the plan's time."""

    max_work_mem_bytes: int = 512 * MiB
    """More than this is not proposed for any statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spill:
    """What one process wrote for one sort."""

    disk_bytes: int
    rows: float
    width_bytes: float
    """Of a row in the file."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def sort_on_disk(case: Case, limits: Limits) -> Outcome:
    """A sort does not fit into work_mem, and goes through temporary files.

    ## Why it matters
    A sort that is larger than ``work_mem`` writes its rows to a file in pieces, and reads them
    again to merge the pieces.  On a busy disk that is the slowest part of the statement.

    ## What it leaves alone
    Sorts in memory, and those that stop after the first rows (top-N); small files; sorts that
    take little of the plan's time; and statements that build or refresh something.  What can be
    saved is at most what the sort took by itself: without its input, and with the comparisons,
    which only an index that gives the order makes unnecessary.

    ## Before you act
    Rows take more room in memory than in a file: to the size of the file come about 90 bytes a
    row, and before PostgreSQL 15 twice the rows themselves.  More memory is the last resort, for
    this statement or its role, since each sort of each session may take it.  While the files stay
    in the operating system's cache it may gain little: measure.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders ORDER BY note, total;
        -- Sort Method: external merge  Disk: 9320kB
        BEGIN; SET LOCAL work_mem = '32MB'; SELECT * FROM orders ORDER BY note, total; COMMIT;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, spill, limits)
        for node in executed_nodes(case)
        if (spill := _spill(node)) is not None
        and not is_maintenance(node.execution)
        and spill.disk_bytes >= limits.min_disk_bytes
        and is_worth_it(node, node.exclusive_ms, limits)
    )
    yield from worst_of_each(found)


def _spill(node: PlacedNode) -> _Spill | None:
    """None: it is no sort, or all of it was in memory."""
    groups = (node.node.full_sort_groups, node.node.presorted_groups)
    of_groups = max((each.peak_disk_bytes for each in groups if each is not None), default=0)
    if of_groups:  # how many rows its largest group had is not told
        width = max(node.node.width_bytes, _MIN_ROW_BYTES)
        return _Spill(disk_bytes=of_groups, rows=of_groups / width, width_bytes=width)
    sorts = [node.node.sort, *(worker.sort for worker in node.node.workers)]
    sizes = [s.space_bytes for s in sorts if s is not None and s.space_type == "Disk"]
    if not sizes or not node.children:
        return None
    # Of several sorts, one after the other, EXPLAIN tells the size of the last.
    rows = node.children[0].use.rows / max(node.use.loops, 1.0)
    rows = min(rows, max(sizes) / _MIN_ROW_BYTES)
    return _Spill(disk_bytes=max(sizes), rows=rows, width_bytes=max(sizes) / max(rows, 1.0))


def _finding(case: Case, node: PlacedNode, spill: _Spill, limits: Limits) -> Finding:
    needed = rows_in_memory_bytes(case, spill.disk_bytes, spill.rows)
    memory = memory_for(case, node, needed, is_hash=False, most_bytes=limits.max_work_mem_bytes)
    finding = Finding(
        subject=node.name,
        summary=f"{node.name} writes {format_size(spill.disk_bytes)} to disk and takes "
        f"{format_ms(node.exclusive_ms)} by itself",
        detail=f"It sorts {format_count(spill.rows)} rows of about "
        f"{format_count(spill.width_bytes)} bytes at a time.",
        evidence=tuple(_evidence(node, spill, memory)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "its input's time is not counted",
            "the statement is none that builds or refreshes something",
        ),
        remedies=memory_remedies(
            case,
            node,
            memory,
            title="Keep the sort in memory, or spare it",
            first=(
                (
                    "Sort less: leave out columns that are not needed until the end, filter before "
                    "the sort, and add LIMIT where the first rows do."
                ),
                "See whether an index gives the order, so that nothing has to be sorted.",
            ),
        ),
    )
    return at_nodes(finding, [node])


def _evidence(node: PlacedNode, spill: _Spill, memory: Memory) -> Iterator[Evidence]:
    yield measured(node, "written to disk by one sort", spill.disk_bytes, "bytes")
    yield measured(node, "rows of one sort", round(spill.rows), "rows")
    yield own_time(node)
    source = f"size on disk, and headers and a slot for each row; {node_source(node)}"
    yield from memory_evidence(memory, source)
