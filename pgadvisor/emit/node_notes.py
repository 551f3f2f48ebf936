"""What an executed node tells beside its times and rows, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.emit.words import format_short, plural, verb
from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.node_use import NodeUse
from pgadvisor.model.plan_use import Sort, SortGroups
from pgadvisor.units import format_count, format_ms, format_size

_MIN_IO_MS = 0.1


def notes_of(use: NodeUse) -> tuple[str, ...]:
    """Say what a node did, as short clauses; nothing where it was not executed."""
    if use.node.actual is None:
        return ()
    if use.loops == 0:
        return ("never run",)
    return (*_runs(use), *_rows(use), *_memory(use.node), *_blocks(use))


def _runs(use: NodeUse) -> Iterator[str]:
    node = use.node
    if use.processes > 1:
        yield f"in {use.processes:g} processes"
    if use.loops > max(use.processes, 1):
        yield f"run {format_count(use.loops)} times"
    if node.workers_planned is not None and node.workers_launched is not None:
        yield f"{node.workers_launched} of {node.workers_planned} planned workers ran"


def _rows(use: NodeUse) -> Iterator[str]:
    node = use.node
    removed = (
        ("the filter", node.rows_removed_by_filter),
        ("the join filter", node.rows_removed_by_join_filter),
        ("the recheck", node.rows_removed_by_index_recheck),
        ("conflicts", node.rows_removed_by_conflict_filter),
    )
    for by, rows in removed:
        if rows:
            yield f"{plural(round(rows * use.loops), 'row')} removed by {by}"
    if node.heap_fetches:
        yield f"{plural(round(node.heap_fetches), 'row')} fetched from the table"
    if node.index_searches and node.index_searches > use.loops:
        yield f"{format_count(node.index_searches)} index searches"
    written = (
        ("inserted", node.inserted_rows),
        ("updated", node.updated_rows),
        ("deleted", node.deleted_rows),
        ("skipped", node.skipped_rows),
        ("in conflict", node.conflicting_rows),
    )
    told = [f"{format_count(rows)} {word}" for word, rows in written if rows]
    if told:
        yield f"rows: {', '.join(told)}"


def _memory(node: ExecutedNode) -> Iterator[str]:
    sorts = [node.sort, *(worker.sort for worker in node.workers)]
    yield from (_sort(sort) for sort in sorts if sort is not None)
    for groups in (node.full_sort_groups, node.presorted_groups):
        if groups is not None:
            yield _groups(groups)
    table = node.hash_table
    if table is not None:
        batches = plural(table.batches, "batch", "batches")
        planned = f" ({table.original_batches} planned)" if table.original_batches else ""
        spilled = f"{batches}{planned}, " if table.batches > 1 else ""
        yield f"hash table: {spilled}{format_size(table.peak_memory_bytes)}"
    hashed = node.hash_aggregation
    if hashed is not None and (hashed.disk_bytes or hashed.peak_memory_bytes):
        disk = f", {format_size(hashed.disk_bytes)} on disk" if hashed.disk_bytes else ""
        yield f"groups: {format_size(hashed.peak_memory_bytes)} of memory{disk}"
    memo = node.memoization
    if memo is not None:
        thrown = f", {format_count(memo.evictions)} thrown out" if memo.evictions else ""
        yield f"cache: {format_count(memo.hits)} found, {format_count(memo.misses)} not{thrown}"
    if node.heap_blocks is not None and node.heap_blocks.lossy:
        lossy, exact = format_count(node.heap_blocks.lossy), format_count(node.heap_blocks.exact)
        yield f"bitmap: {lossy} blocks as a whole, {exact} by row"
    if node.storage is not None and node.storage.storage_type == "Disk":
        yield f"kept rows: {format_size(node.storage.maximum_bytes)} on disk"


def _sort(sort: Sort) -> str:
    where = " on disk" if sort.space_type == "Disk" else ""
    return f"{sort.method}: {format_size(sort.space_bytes)}{where}"


def _groups(groups: SortGroups) -> str:
    disk = groups.peak_disk_bytes
    size = f"{format_size(disk)} on disk" if disk else format_size(groups.peak_memory_bytes)
    methods = ", ".join(groups.methods)
    return f"{plural(groups.groups, 'group')}, {methods}: at most {size} each"


def _blocks(use: NodeUse) -> Iterator[str]:
    blocks = use.exclusive_buffers
    read = blocks.shared_read_blocks + blocks.local_read_blocks
    if read:
        spent = blocks.read_time_ms + blocks.local_read_time_ms
        took = f" in {format_ms(spent)}" if spent >= _MIN_IO_MS else ""
        yield f"{_blocks_of(read)} not found in shared buffers{took}"
    if blocks.temp_written_blocks:
        yield f"{_blocks_of(blocks.temp_written_blocks, 'temporary ')} written"
    if blocks.shared_dirtied_blocks:
        yield f"{_blocks_of(blocks.shared_dirtied_blocks)} changed"


def _blocks_of(count: int, kind: str = "") -> str:
    return f"{format_short(count)} {kind}{verb(count, 'block', 'blocks')}"
