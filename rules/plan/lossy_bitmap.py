"""Bitmap scans that forget which rows they found, and check all rows of a page again."""

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
    format_ratio,
    node_source,
    rule,
    table_of,
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
    unmeasured,
)

_BYTES_PER_PAGE = 64
"""Of a page in a bitmap: its entry of 48 bytes and two pointers, as PostgreSQL counts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When forgetting rows costs enough."""

    min_removed_ratio: float = 0.1
    """Rows that the second check removes, as a share of all rows that the scan looks at."""

    min_time_ms: float = 10.0
    """What checking the removed rows takes, at most."""

    min_time_ratio: float = 0.05
    """The same as a share of the plan's time."""

    max_work_mem_bytes: int = 512 * MiB
    """More than this is not proposed for any statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    """What one process read by its bitmap, at most."""

    exact: float
    lossy: float

    @property
    def all(self) -> float:
        return self.exact + self.lossy


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def lossy_bitmap(case: Case, limits: Limits) -> Outcome:
    """A bitmap does not fit into work_mem, so that whole pages are checked again.

    ## Why it matters
    A bitmap index scan remembers each row that the index gave it.  Where that takes more than
    ``work_mem`` it remembers pages only, and the heap scan then checks the condition on every
    row of these pages: rows that the index had ruled out are read and thrown away.

    ## What it leaves alone
    Bitmaps with all of their rows; those whose second check removes few rows, as most rows of
    the pages match anyway; scans that take little of the plan's time; rows that a condition
    beside the index removes; and statements that build or refresh something, as they run now and
    then.  The saving is at most the scan's own time in proportion to the rows that the second
    check removes: the pages have to be read in any case.

    ## Before you act
    A bitmap takes 64 bytes a page: 1 GB of table needs 8 MB.  An index that finds fewer rows, or
    rows that lie together, needs less memory.  Rows are also removed by a second check where the
    index itself keeps no exact values (GIN, GiST, BRIN): more memory does nothing about those.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT sum(total) FROM orders WHERE total < 300;
        -- Heap Blocks: exact=3123 lossy=21877
        BEGIN; SET LOCAL work_mem = '16MB'; SELECT sum(total) FROM orders WHERE total < 300; COMMIT;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, pages, limits)
        for node in executed_nodes(case)
        if (pages := _pages(case, node)) is not None
        and not is_maintenance(node.execution)
        and _removed(node) > 0
        and _removed(node) >= limits.min_removed_ratio * _examined(node)
        and is_worth_it(node, _saved_ms(node), limits)
    )
    yield from worst_of_each(found)


def _pages(case: Case, node: PlacedNode) -> _Pages | None:
    """None: it is no bitmap scan, or not a lossy one."""
    blocks = node.node.heap_blocks
    if blocks is None or node.node.node_type != "Bitmap Heap Scan":
        return None
    exact, lossy = float(blocks.exact), float(blocks.lossy)
    workers = [worker.heap_blocks for worker in node.node.workers if worker.heap_blocks]
    if workers:  # since 18 each process tells its own
        exact += sum(each.exact for each in workers)
        lossy += sum(each.lossy for each in workers)
    elif node.node.parallel_aware:
        exact, lossy = exact * node.use.processes, lossy * node.use.processes
    if lossy == 0:
        return None
    table = table_of(case, node.node)
    most = table.size_bytes / case.snapshot.server.block_size_bytes if table is not None else 0.0
    share = min(1.0, most / (exact + lossy)) if most else 1.0  # several loops read pages again
    return _Pages(exact=exact * share, lossy=lossy * share)


def _examined(node: PlacedNode) -> float:
    return node.use.rows + node.use.removed_rows


def _removed(node: PlacedNode) -> float:
    """Rows that the second check removes, over all loops."""
    return node.node.rows_removed_by_index_recheck * node.use.loops


def _saved_ms(node: PlacedNode) -> float:
    """Its time in proportion to the rows that the second check removes."""
    return node.exclusive_ms * _removed(node) / _examined(node)


def _finding(case: Case, node: PlacedNode, pages: _Pages, limits: Limits) -> Finding:
    memory = memory_for(
        case,
        node,
        pages.all * _BYTES_PER_PAGE,
        most_bytes=limits.max_work_mem_bytes,
    )
    removed = _removed(node)
    finding = Finding(
        subject=node.name,
        summary=f"The bitmap of {node.name} knows {format_ratio(pages.lossy / pages.all)} of its "
        f"pages as a whole only: {format_count(removed)} rows are read and removed again",
        detail="Where work_mem is too small for a bitmap, it remembers pages in the place of rows, "
        "and each row on them is checked again.",
        evidence=tuple(_evidence(node, pages, removed, memory)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "the rows were removed by the check of the index condition, not by a filter",
            "the saving is counted for these rows alone",
        ),
        remedies=memory_remedies(
            case,
            node,
            memory,
            title="Let the bitmap be exact",
            first=("See whether an index with one more column of the condition finds fewer rows.",),
        ),
    )
    return at_nodes(finding, [node], saved_ms=_saved_ms(node))


def _evidence(
    node: PlacedNode, pages: _Pages, removed: float, memory: Memory
) -> Iterator[Evidence]:
    yield measured(node, "pages read as a whole", round(pages.lossy), "pages")
    yield measured(node, "pages read by their rows", round(pages.exact), "pages")
    yield measured(node, "rows removed by the second check", round(removed), "rows")
    yield own_time(node)
    yield from memory_evidence(memory, f"64 bytes a page; {node_source(node)}")
