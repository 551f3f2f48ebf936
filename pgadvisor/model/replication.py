"""Who reads the server's WAL: slots, and the standbys that stream now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationSlot:
    """One row of ``pg_replication_slots``."""

    name: str
    kind: str = "physical"
    """``physical`` or ``logical``."""
    database: str | None = None
    """Of a logical slot, the database that it decodes."""
    is_active: bool = False
    """Somebody streams from it now."""
    is_temporary: bool = False
    wal_status: str | None = None
    """``reserved``, ``extended``, ``unreserved`` or ``lost``; None: it reserves nothing yet."""
    retained_bytes: int | None = None
    """WAL since its ``restart_lsn``, which stays on disk for it; None: it reserves nothing."""
    safe_bytes: int | None = None
    """WAL that may yet be written before the slot is in danger; None: it never is, since
    ``max_slot_wal_keep_size`` is not set."""
    transaction_age: int | None = None
    """``age(xmin)``: since then no dead row of any table may be removed; None: it holds none."""
    catalog_transaction_age: int | None = None
    """The same for the system's tables, of a logical slot."""
    inactive_time_ms: float | None = None
    """Since nobody streams from it; None before PostgreSQL 17, and while somebody does."""
    spilled_transactions: int | None = None
    """That were decoded by way of files, since they were larger than ``logical_decoding_work_mem``;
    None, like the next two, before PostgreSQL 14 and of a physical slot."""
    spilled_bytes: int | None = None
    decoded_bytes: int | None = None
    """What was in memory when the transactions were sent, without what had gone to files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalSender:
    """One row of ``pg_stat_replication``: whoever streams WAL from here now."""

    application_name: str = ""
    """By which it calls itself; left out of saved snapshots."""
    state: str | None = "streaming"
    """``startup``, ``catchup``, ``streaming``, ``backup`` or ``stopping``; None: hidden from us."""
    sync_state: str | None = "async"
    """``async``, ``potential``, ``sync`` or ``quorum``."""
    sent_lag_bytes: int | None = None
    """WAL that was written but not sent."""
    replay_lag_bytes: int | None = None
    """WAL that was written but not replayed there; None: it does not say."""
    replay_lag_ms: float | None = None
    """From flushing WAL here to its replay there; None: it does not say, or nothing was written."""
    transaction_age: int | None = None
    """``age(backend_xmin)``, by ``hot_standby_feedback``; None: there is none, or its slot has
    it."""
