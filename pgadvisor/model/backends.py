"""What sessions of the server do at the moment of the snapshot, without their statements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionCount:
    """Client connections of one role in one state."""

    role: str | None
    state: str | None
    """``active``, ``idle``, ``idle in transaction``, ...; None: hidden from us."""
    is_in_this_database: bool = True
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTransaction:
    """A session that is in a transaction, or holds a snapshot."""

    role: str | None = None
    backend_type: str = "client backend"
    state: str | None = None
    """``active``, ``idle in transaction``, ``idle in transaction (aborted)``, ..."""
    is_in_this_database: bool = True
    age_ms: float | None = None
    """Since its transaction began; None: it has none, and yet holds a snapshot."""
    state_age_ms: float | None = None
    """Since it came into its state: how long it has been idle, or has run its statement."""
    snapshot_age: int | None = None
    """``age(backend_xmin)``, in transactions; None: it holds no snapshot now."""
    transaction_id_age: int | None = None
    """``age(backend_xid)``, in transactions; None: it has written nothing."""
    is_waiting_for_lock: bool = False
    command: str | None = None
    """What it runs or ran last, of a few that matter: ``vacuum``, ``analyze``, ``copy``,
    ``create index``, ``reindex``, ``refresh``; None: something else."""

    @property
    def horizon_age(self) -> int | None:
        """Transactions since which it lets no dead row be removed; None: it holds up none."""
        ages = [age for age in (self.snapshot_age, self.transaction_id_age) if age is not None]
        return max(ages, default=None)

    @property
    def is_idle(self) -> bool:
        """It waits for its client, within a transaction."""
        return (self.state or "").startswith("idle in transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTransaction:
    """A transaction that was prepared for two-phase commit, and neither committed nor ended."""

    role: str
    is_in_this_database: bool = True
    age_ms: float
    """Since it was prepared."""
    transaction_id_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningVacuum:
    """One row of ``pg_stat_progress_vacuum``, in this database."""

    table_oid: int
    """A table, or a TOAST table."""
    phase: str
    is_autovacuum: bool = True
    running_time_ms: float | None = None
    total_blocks: int = 0
    scanned_blocks: int = 0
    index_passes: int = 0
    """Times that it has gone through all indexes, since its memory was full."""
