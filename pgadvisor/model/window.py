"""How long the server has been counting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that counters cover."""

    days: float | None
    """None: nobody knows."""
    note: str
    """Where that comes from, as a clause."""
    is_lower_bound: bool = False
    """They cover at least that long."""


def counter_window(snapshot: Snapshot) -> Window:
    """The time that the counters of tables and indexes cover.

    Where the server does not know when they were reset (they never were, or a crash lost
    them), the oldest time that is written among them still proves that they are as old.
    """
    server = snapshot.server
    if server.statistics_reset_at is not None:
        return Window(days=server.statistics_age_days, note="since pg_stat_database.stats_reset")
    witnesses = tuple(_witnesses(snapshot))
    if not witnesses:
        return Window(days=None, note="pg_stat_database.stats_reset is NULL")
    return Window(
        days=_days(snapshot, min(witnesses)),
        note="stats_reset is NULL; the oldest scan, vacuum or analyze on record is as old",
        is_lower_bound=True,
    )


def statement_window(snapshot: Snapshot) -> Window:
    """The time that the counters of statements cover."""
    info = snapshot.server.statements_info
    if info is None:
        return Window(days=None, note="pg_stat_statements is not there")
    if info.reset_at is not None:
        return Window(
            days=_days(snapshot, info.reset_at),
            note="since pg_stat_statements_info.stats_reset",
        )
    tables = counter_window(snapshot)
    return Window(
        days=tables.days,
        note="taken to be that of the table counters: before PostgreSQL 14 "
        "pg_stat_statements does not say when it was reset",
        is_lower_bound=tables.is_lower_bound,
    )


def _days(snapshot: Snapshot, moment: datetime) -> float:
    seconds = (snapshot.server.collected_at - moment).total_seconds()
    return max(seconds, 0.0) / SECONDS_PER_DAY


def _witnesses(snapshot: Snapshot) -> Iterator[datetime]:
    for row in snapshot.index_activity:
        if row.last_scan is not None:
            yield row.last_scan
    for table in snapshot.table_activity:
        moments = (
            table.last_vacuum,
            table.last_autovacuum,
            table.last_analyze,
            table.last_autoanalyze,
        )
        yield from (moment for moment in moments if moment is not None)
