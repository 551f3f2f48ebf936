"""Sorts of an executed plan that went through temporary files."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    KiB,
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
    HANDLING,
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
    work_mem_of,
)

_SEVERAL_PASSES = 1.5
_TAPE_BYTES = 272 * KiB
"""Of memory that a merge wants for each piece: 32 blocks to read ahead, and two more."""
_MIN_ROW_BYTES = 10
"""Of a row in the file, at least: its length and a short value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spill:
    """What one process wrote for one sort."""

    disk_bytes: int
    rows: float
    width_bytes: float
    """Of a row in the file."""
    passes: float
    """How often the files were read, the last merge included; 1: nobody knows of more."""

    @property
    def is_merged_again(self) -> bool:
        """There were too many pieces to merge them all at once."""
        return self.passes >= _SEVERAL_PASSES


@rule(severity=Severity.WARNING, since="0.1", limits=SpillLimits, requires=("executed-plans",))
def sort_on_disk(case: Case, limits: SpillLimits) -> Outcome:
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
    Pieces that are merged once need no more memory while the files stay in the operating system's
    cache: a sort of a million rows in memory was slower than the merge.  Pieces that are merged
    more than once need a little more of it: the root of what all rows take.  Rows take more room
    in memory than in a file: to the size of the file come 16 bytes a row, and 24 for each of the
    next power of two of rows; before PostgreSQL 15 twice the rows themselves.  More memory is the
    last resort, for this statement or its role, since each sort of each session may take it:
    measure.  `track_io_timing` shows what the files cost.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM orders ORDER BY note, total;
        -- Sort Method: external merge  Disk: 9320kB
        BEGIN; SET LOCAL work_mem = '32MB'; SELECT * FROM orders ORDER BY note, total; COMMIT;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, spill, limits)
        for node in executed_nodes(case)
        if (spill := _spill(node, case.snapshot.server.block_size_bytes)) is not None
        and not is_maintenance(node.execution)
        and spill.disk_bytes >= limits.min_disk_bytes
        and _cost(node, spill).is_worth(limits)
    )
    yield from worst_of_each(found)


def _spill(node: PlacedNode, block_bytes: int) -> _Spill | None:
    """None: it is no sort, or all of it was in memory."""
    groups = (node.node.full_sort_groups, node.node.presorted_groups)
    of_groups = max((each.peak_disk_bytes for each in groups if each is not None), default=0)
    if of_groups:  # how many rows its largest group had is not told
        width = max(node.node.width_bytes, _MIN_ROW_BYTES)
        return _Spill(disk_bytes=of_groups, rows=of_groups / width, width_bytes=width, passes=1.0)
    sorts = [node.node.sort, *(worker.sort for worker in node.node.workers)]
    sizes = [s.space_bytes for s in sorts if s is not None and s.space_type == "Disk"]
    if not sizes or not node.children:
        return None
    # Of several sorts, one after the other, EXPLAIN tells the size of the last.
    rows = node.children[0].use.rows / max(node.use.loops, 1.0)
    rows = min(rows, max(sizes) / _MIN_ROW_BYTES)
    return _Spill(
        disk_bytes=max(sizes),
        rows=rows,
        width_bytes=max(sizes) / max(rows, 1.0),
        passes=_passes(node, sum(sizes), block_bytes),
    )


def _passes(node: PlacedNode, disk_bytes: int, block_bytes: int) -> float:
    read_bytes = node.use.exclusive_buffers.temp_read_blocks * block_bytes
    return max(read_bytes / (disk_bytes * max(node.use.loops / node.use.processes, 1.0)), 1.0)


def _cost(node: PlacedNode, spill: _Spill) -> SpillCost:
    """One merge of sorted pieces is not slower than one large sort: only its files are saved."""
    if not spill.is_merged_again:
        return spill_cost([node], handling=1.0)
    return spill_cost([node], handling=HANDLING * (1 - 1 / spill.passes))


def _needed_bytes(case: Case, node: PlacedNode, spill: _Spill) -> float:
    """For all rows; where pieces are merged more than once, for all pieces to be merged at once.

    With the root of what all rows take, times what a piece takes, there are as many pieces as can
    be merged.
    """
    all_bytes = rows_in_memory_bytes(case, spill.disk_bytes, spill.rows)
    if not spill.is_merged_again:
        return all_bytes
    return max(math.sqrt(all_bytes * _TAPE_BYTES), 2.0 * (work_mem_of(case, node) or 0))


def _finding(case: Case, node: PlacedNode, spill: _Spill, limits: SpillLimits) -> Finding:
    needed, cost = _needed_bytes(case, node, spill), _cost(node, spill)
    memory = memory_for(case, node, needed, most_bytes=limits.max_work_mem_bytes)
    finding = Finding(
        severity=cost.severity(limits),
        subject=node.name,
        summary=f"{node.name} writes {format_size(spill.disk_bytes)} to disk and takes "
        f"{format_ms(node.exclusive_ms)} by itself",
        detail=f"It sorts {format_count(spill.rows)} rows of about "
        f"{format_count(spill.width_bytes)} bytes at a time.  {_how_merged(spill)}",
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
            is_for_role=cost.severity(limits) is None,
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
    return at_nodes(finding, [node], saved_ms=cost.saved_ms)


def _how_merged(spill: _Spill) -> str:
    if spill.is_merged_again:
        return "Its pieces are merged more than once, and with a little more memory they would not."
    return "Its pieces are merged once, which is no slower than one large sort in memory."


def _evidence(node: PlacedNode, spill: _Spill, memory: Memory) -> Iterator[Evidence]:
    yield measured(node, "written to disk by one sort", spill.disk_bytes, "bytes")
    yield measured(node, "rows of one sort", round(spill.rows), "rows")
    yield own_time(node)
    yield _cost(node, spill).evidence()
    if spill.is_merged_again:
        yield measured(node, "times that the files were read", spill.passes)
        source, name = "root of all rows times a piece's buffer", "memory to merge the pieces once"
    else:
        source, name = "size on disk, and headers and a slot for each row", "memory needed at most"
    yield from memory_evidence(memory, f"{source}; {node_source(node)}", name=name)
