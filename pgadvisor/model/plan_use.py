"""What the nodes of an executed plan took: rows, times, buffers, WAL, memory and disk.

Counts of blocks are as EXPLAIN counts them: over all loops of a node and all processes that ran
it, its children's included.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """What ``EXPLAIN (ANALYZE)`` measured of a node, or of one worker in it.

    Times and rows are averages over the loops; the loops of all processes are added up.
    """

    rows: float
    """For each loop; whole before PostgreSQL 18, with two decimals since."""
    loops: float
    """0: never executed."""
    startup_time_ms: float | None = None
    """Until the first row; None: it never ran, or with ``TIMING OFF``."""
    total_time_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """Blocks that were touched, and the time that this took where ``track_io_timing`` was on.

    TEXT leaves out what is zero, so that nothing touched and nothing counted look the same.
    """

    shared_hit_blocks: int = 0
    shared_read_blocks: int = 0
    shared_dirtied_blocks: int = 0
    shared_written_blocks: int = 0
    local_hit_blocks: int = 0
    local_read_blocks: int = 0
    local_dirtied_blocks: int = 0
    local_written_blocks: int = 0
    temp_read_blocks: int = 0
    temp_written_blocks: int = 0
    read_time_ms: float = 0.0
    """Of shared blocks; before PostgreSQL 17 of shared and local ones."""
    write_time_ms: float = 0.0
    local_read_time_ms: float = 0.0
    local_write_time_ms: float = 0.0
    temp_read_time_ms: float = 0.0
    temp_write_time_ms: float = 0.0

    @property
    def touched_blocks(self) -> int:
        """Visits to shared and local blocks, found in memory or not."""
        return (
            self.shared_hit_blocks
            + self.shared_read_blocks
            + self.local_hit_blocks
            + self.local_read_blocks
        )


NO_BUFFERS = Buffers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wal:
    """Write-ahead log that was written."""

    records: int = 0
    full_page_images: int = 0
    size_bytes: int = 0
    buffers_full: int = 0
    """How often the WAL buffers were full; PostgreSQL 18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """How rows were sorted, and what that took."""

    method: str
    """``quicksort``, ``top-N heapsort``, ``external sort``, ``external merge``."""
    space_bytes: int
    space_type: str
    """``Memory`` or ``Disk``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortGroups:
    """Groups of an incremental sort, full or pre-sorted; sizes are for one group."""

    groups: int = 0
    methods: tuple[str, ...] = ()
    average_memory_bytes: int = 0
    peak_memory_bytes: int = 0
    average_disk_bytes: int = 0
    peak_disk_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HashTable:
    """The table of a Hash; more than one batch means that it went to disk."""

    buckets: int = 0
    original_buckets: int = 0
    """As planned."""
    batches: int = 0
    original_batches: int = 0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HashAggregation:
    """What a hashed aggregate took; more than one batch means that it went to disk."""

    planned_partitions: int = 0
    batches: int = 0
    peak_memory_bytes: int = 0
    disk_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memoization:
    """What the cache of a Memoize did."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    overflows: int = 0
    peak_memory_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapBlocks:
    """Blocks that a bitmap heap scan read: of known rows, or as a whole (lossy)."""

    exact: int = 0
    lossy: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where a node keeps rows that it may need again: Materialize, CTE Scan, WindowAgg."""

    storage_type: str
    """``Memory`` or ``Disk``."""
    maximum_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Jit:
    """What just-in-time compilation did and took."""

    functions: int = 0
    inlining: bool = False
    optimization: bool = False
    expressions: bool = False
    deforming: bool = False
    generation_time_ms: float | None = None
    """None, as all times: with ``TIMING OFF``."""
    deform_time_ms: float | None = None
    """A part of the generation; PostgreSQL 17."""
    inlining_time_ms: float | None = None
    optimization_time_ms: float | None = None
    emission_time_ms: float | None = None
    total_time_ms: float | None = None
