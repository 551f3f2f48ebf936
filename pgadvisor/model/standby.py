"""A standby whose counters were looked at beside those of its primary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A node, and which time its counters cover; each node counts its own scans alone."""

    name: str
    """``standby 1``: hosts are nobody's business."""
    collected_at: datetime
    counted_since: datetime | None
    """Of the counter that covers the shortest time; None: nobody knows."""
    note: str
    """Where that comes from, as a clause."""
    streaming_replica_count: int | None = 0
    """Standbys that stream from this one in turn; None when that may not be read."""
    statement_count: int = 0
    """Statements that it has counted."""
    busy_ms_per_day: float | None = None
    """Execution time of these; None: nobody knows for how long they were counted."""
    notes: tuple[str, ...] = ()
    """What is to be known of it: sentences for the report."""
