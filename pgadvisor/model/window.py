"""How long the server has been counting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pgadvisor.model.earlier import Continuity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import SECONDS_PER_DAY, format_moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that counters cover."""

    days: float | None
    """None: nobody knows."""
    note: str
    """Where that comes from, as a clause."""
    is_lower_bound: bool = False
    """They cover at least that long."""
    since: datetime | None = None
    """Its beginning; None: nobody knows."""
    is_difference: bool = False
    """It begins with an earlier snapshot, and not with a reset."""


UNKNOWN_WINDOW = Window(days=None, note="")
"""Nothing is known of the time that counters cover."""


def counter_window(snapshot: Snapshot) -> Window:
    """The time that the counters of tables and indexes cover.

    Where the server does not know when they were reset (they never were, or a crash lost
    them), the oldest time that is written among them still proves that they are as old.
    """
    server, earlier = snapshot.server, snapshot.earlier
    if earlier is not None and earlier.counters is Continuity.UNCLEAR:
        return Window(
            days=None,
            note="pg_stat_database.stats_reset has moved since the earlier snapshot, and nothing "
            "shows which counters were reset",
        )
    if server.statistics_reset_at is not None:
        return _since(
            snapshot,
            server.statistics_reset_at,
            "since pg_stat_database.stats_reset",
            earlier.counters if earlier else None,
        )
    is_lost = earlier is not None and earlier.counters is Continuity.LOST
    what = "the counters were lost after the earlier snapshot" if is_lost else "stats_reset is NULL"
    oldest, witness = min(_witnesses(snapshot), default=(None, ""))
    if oldest is None:
        note = what if is_lost else "pg_stat_database.stats_reset is NULL"
        return Window(days=None, note=note)
    return Window(
        days=_days(snapshot, oldest),
        note=f"{what}; {witness}",
        is_lower_bound=True,
        since=oldest,
    )


def statement_window(snapshot: Snapshot) -> Window:
    """The time that the counters of statements cover."""
    info, earlier = snapshot.server.statements_info, snapshot.earlier
    if info is None:
        return Window(days=None, note="pg_stat_statements is not there")
    if earlier is not None and earlier.statements is Continuity.LOST:
        return Window(
            days=None,
            note="pg_stat_statements was reset after the earlier snapshot, and before PostgreSQL "
            "14 it does not say when",
        )
    if info.reset_at is not None:
        return _since(
            snapshot,
            info.reset_at,
            "since pg_stat_statements_info.stats_reset",
            earlier.statements if earlier else None,
        )
    tables = counter_window(snapshot)
    return Window(
        days=tables.days,
        note="taken to be that of the table counters: before PostgreSQL 14 "
        "pg_stat_statements does not say when it was reset",
        is_lower_bound=tables.is_lower_bound,
        since=tables.since,
    )


def shortest_window(snapshot: Snapshot) -> Window:
    """The time that the counters of tables, of statements and of all nodes cover together.

    No index has a reset time of its own, and who resets the statements may have reset the
    rest.  Each node counts for itself, so that only the time they share says that an index is
    used nowhere.
    """
    window, statements = counter_window(snapshot), statement_window(snapshot)
    if None not in (window.days, statements.days) and (statements.days or 0) < (window.days or 0):
        window = statements
    if window.since is None or not snapshot.standbys:
        return window
    since, note, until = window.since, window.note, snapshot.server.collected_at
    for standby in snapshot.standbys:
        if standby.counted_since is None:
            return Window(days=None, note=f"of {standby.name}: {standby.note}")
        if standby.counted_since > since:
            since, note = standby.counted_since, f"of {standby.name}: {standby.note}"
        until = min(until, standby.collected_at)
    seconds = max((until - since).total_seconds(), 0.0)
    return Window(
        days=seconds / SECONDS_PER_DAY,
        note=note,
        is_lower_bound=window.is_lower_bound,
        since=since,
        is_difference=window.is_difference and note == window.note,
    )


def beginning_of(window: Window, collected_at: datetime) -> datetime | None:
    """When a window began, whatever it is known by; None: nobody knows."""
    if window.days is None:
        return None
    return window.since or collected_at - timedelta(days=window.days)


def _since(
    snapshot: Snapshot, moment: datetime, source: str, continuity: Continuity | None
) -> Window:
    """A window that begins at a moment: a reset, or an earlier snapshot."""
    is_difference = continuity is Continuity.CONTINUED
    if is_difference:
        note = f"since the earlier snapshot of {format_moment(moment)}"
    elif continuity is not None:
        note = f"{source}, later than the earlier snapshot"
    else:
        note = source
    days = _days(snapshot, moment)
    return Window(days=days, note=note, since=moment, is_difference=is_difference)


def _days(snapshot: Snapshot, moment: datetime) -> float:
    seconds = (snapshot.server.collected_at - moment).total_seconds()
    return max(seconds, 0.0) / SECONDS_PER_DAY


def _witnesses(snapshot: Snapshot) -> Iterator[tuple[datetime, str]]:
    """Moments at which the counters were there already, and what tells so.

    A crash empties pg_stat_statements together with the counters, so that these are not younger
    than its last reset: whoever resets them by hand leaves a time in stats_reset.
    """
    info, earlier = snapshot.server.statements_info, snapshot.earlier
    # The difference to an earlier snapshot begins with that, which says nothing of a crash.
    is_own = earlier is None or earlier.statements is Continuity.RESET
    if info is not None and info.reset_at is not None and is_own:
        told = "pg_stat_statements, which a crash would have emptied as well, is as old"
        yield info.reset_at, told
    told = "the oldest scan, vacuum or analyze on record is as old"
    for row in snapshot.index_activity:
        if row.last_scan is not None:
            yield row.last_scan, told
    for table in snapshot.table_activity:
        moments = (
            table.last_vacuum,
            table.last_autovacuum,
            table.last_analyze,
            table.last_autoanalyze,
        )
        yield from ((moment, told) for moment in moments if moment is not None)
