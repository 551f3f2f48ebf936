"""What the server counts as a whole: checkpoints, pages written, WAL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteActivity:
    """Who has written changed pages, since ``reset_at``.

    From ``pg_stat_checkpointer``, ``pg_stat_bgwriter`` and ``pg_stat_io`` since PostgreSQL 17;
    before, all of it is in ``pg_stat_bgwriter``.
    """

    timed_checkpoints: int = 0
    """Because ``checkpoint_timeout`` was over."""
    requested_checkpoints: int = 0
    """Because ``max_wal_size`` was reached, or by a command or a backup."""
    write_time_ms: float = 0.0
    sync_time_ms: float = 0.0
    checkpoint_pages: int = 0
    """Written by checkpoints."""
    cleaned_pages: int = 0
    """Written by the background writer, ahead of need."""
    stopped_cleanings: int = 0
    """Times that the background writer stopped at ``bgwriter_lru_maxpages``."""
    backend_pages: int = 0
    """Written by sessions themselves, when they needed room.  Before PostgreSQL 17 these include
    pages by which they made relations longer."""
    backend_syncs: int = 0
    """Times that a session had to sync by itself."""
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalActivity:
    """One row of ``pg_stat_wal``, of PostgreSQL 14 and later, since ``reset_at``."""

    records: int = 0
    full_page_images: int = 0
    """Whole pages, each written at its first change after a checkpoint."""
    wal_bytes: int = 0
    full_buffers: int = 0
    """Times that WAL was written since ``wal_buffers`` was full."""
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupActivity:
    """Blocks of ``pg_stat_slru`` that were looked at, since ``reset_at``.

    Their caches are small, and have nothing to do with ``shared_buffers``.
    """

    multixact_hits: int = 0
    """Found in memory, of the lists of transactions that share the lock of a row."""
    multixact_reads: int = 0
    """Read from a file."""
    subtransaction_hits: int = 0
    """Found in memory, of the parents of subtransactions."""
    subtransaction_reads: int = 0
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollationVersion:
    """A collation with the version of the library that its indexes were built with."""

    name: str | None
    """Quoted and qualified; None: the database's default."""
    recorded: str
    actual: str
    """Of the library that the server has now."""
