"""What is known of the time between an earlier snapshot and this one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Continuity(StrEnum):
    """What became of counters between two snapshots."""

    CONTINUED = "continued"
    """They went on: the difference is what was counted in between."""
    RESET = "reset"
    """They were set to zero at a known time: what there is now was counted since then."""
    LOST = "lost"
    """They began anew, by a crash for instance, and nobody knows when."""
    UNCLEAR = "unclear"
    """Some were set to zero, and nothing shows which: nobody knows what the rest cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierSnapshot:
    """The earlier of two snapshots, of which one analysis judges the difference."""

    collected_at: datetime
    counters: Continuity = Continuity.CONTINUED
    """Those of the database, its tables and its indexes."""
    statements: Continuity = Continuity.CONTINUED
    notes: tuple[str, ...] = ()
    """What happened in between, and what could not be compared: sentences for the report."""
    unwatched_index_oids: tuple[int, ...] = ()
    """Indexes whose counters do not cover the window: made, or set to zero, within it."""
