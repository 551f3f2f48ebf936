"""Sessions for whose locks others wait, and who wait for nobody themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingSession:
    """A session that waits for no lock, and for whose locks others wait."""

    role: str | None = None
    backend_type: str = "client backend"
    """``prepared transaction`` where no session is left that could end it."""
    state: str | None = None
    """``active``, ``idle in transaction``, ...; None: hidden from us."""
    is_in_this_database: bool = True
    age_ms: float | None = None
    """Since its transaction began."""
    state_age_ms: float | None = None
    """Since it came into its state."""
    command: str | None = None
    """As of ``OpenTransaction``."""
    waiter_count: int
    """Sessions that wait for it, and those that wait for these."""
    indirect_waiter_count: int = 0
    """Of these, the ones that would not wait if those before them did not."""
    longest_wait_ms: float
    """Before PostgreSQL 14 since the waiting statement began, which may be longer."""
    table_oids: tuple[int, ...] = ()
    """Tables and indexes of this database that are waited for, or whose rows are."""

    @property
    def is_idle(self) -> bool:
        """It waits for its client, within a transaction."""
        return (self.state or "").startswith("idle in transaction")
