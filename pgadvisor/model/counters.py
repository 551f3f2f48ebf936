"""Which figures of a snapshot are counters.

A counter only rises, until it is set to zero.  All else (rows that live now, the time of the last
vacuum, how many are connected) is as it is at one moment.  A counter that is new in the model is
added to its tuple here, and so comes into the differences and sums that are made of snapshots.
"""

from __future__ import annotations

from collections.abc import Mapping

TABLE_COUNTERS = (
    *("sequential_scans", "sequential_rows_read", "index_scans", "index_rows_fetched"),
    *("rows_inserted", "rows_updated", "rows_deleted", "rows_hot_updated"),
    *("vacuum_count", "autovacuum_count", "analyze_count", "autoanalyze_count"),
    *("heap_blocks_read", "heap_blocks_hit"),
)
"""Of ``TableActivity``."""
TABLE_READS = (
    *("sequential_scans", "sequential_rows_read", "index_scans", "index_rows_fetched"),
    *("heap_blocks_read", "heap_blocks_hit"),
)
"""Those of them that each node counts for itself; what is written, the primary has written."""
INDEX_COUNTERS = ("scans", "entries_read", "rows_fetched", "blocks_read", "blocks_hit")
"""Of ``IndexActivity``."""
STATEMENT_COUNTERS = (
    *("calls", "total_time_ms", "planning_time_ms", "rows"),
    *("shared_blocks_hit", "shared_blocks_read", "shared_blocks_dirtied"),
    *("shared_blocks_written", "local_blocks_read"),
    *("temp_blocks_read", "temp_blocks_written"),
    *("block_read_time_ms", "block_write_time_ms", "temp_block_time_ms"),
    *("wal_bytes", "jit_time_ms"),
)
"""Of ``Statement``."""
SERVER_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "activity": (
        *("commits", "rollbacks", "blocks_read", "blocks_hit", "temp_files", "temp_bytes"),
        *("deadlocks", "conflicts", "lock_conflicts", "snapshot_conflicts"),
        *("buffer_pin_conflicts", "sessions", "session_time_ms", "active_time_ms"),
        *("idle_in_transaction_time_ms", "sessions_abandoned", "sessions_fatal"),
        *("sessions_killed", "parallel_workers_planned", "parallel_workers_launched"),
    ),
    "write_activity": (
        *("timed_checkpoints", "requested_checkpoints", "write_time_ms", "sync_time_ms"),
        *("checkpoint_pages", "cleaned_pages", "stopped_cleanings", "backend_pages"),
        "backend_syncs",
    ),
    "wal_activity": ("records", "full_page_images", "wal_bytes", "full_buffers"),
    "lookup_activity": (
        *("multixact_hits", "multixact_reads", "subtransaction_hits", "subtransaction_reads"),
    ),
}
"""Of the parts of ``Server``, by the name of the field that holds each."""
