"""Whether counters went on between two snapshots, or began anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pgadvisor.errors import UsageError
from pgadvisor.history.counters import has_fallen
from pgadvisor.model.counters import (
    INDEX_COUNTERS,
    SERVER_COUNTERS,
    STATEMENT_COUNTERS,
    TABLE_COUNTERS,
)
from pgadvisor.model.earlier import Continuity
from pgadvisor.model.server import Server, StatementsInfo
from pgadvisor.model.snapshot import Snapshot

ATTEMPTED = "comparing with the earlier snapshot"
_LATENESS = timedelta(seconds=2)
"""Before PostgreSQL 15 what a snapshot reads of the counters is up to half a second old."""


def counters_continuity(new: Snapshot, old: Snapshot) -> Continuity:
    """What became of the counters of the database, its tables and its indexes.

    A reset sets ``stats_reset`` forward, a crash loses it with the counters (from PostgreSQL 15
    on; before, it is the time of the crash).  A reset of a single table moves it too, and leaves
    the database's own counters and those of other tables as they are.

    Raises:
        UsageError: Another node answered, whose counters have nothing to do with the earlier ones.
    """
    before, now = old.server.statistics_reset_at, new.server.statistics_reset_at
    fell = _have_fallen(new, old)
    if before == now:
        if now is None and _is_other_node(new.server, old.server):
            raise _other_node()
        return Continuity.LOST if fell else Continuity.CONTINUED
    if now is not None and now > old.server.collected_at - _LATENESS:
        return Continuity.RESET if fell else Continuity.UNCLEAR
    if now is not None or _is_other_node(new.server, old.server):
        raise _other_node()
    return Continuity.LOST


def _have_fallen(new: Snapshot, old: Snapshot) -> bool:
    """The database's own counters are less than they were, or those of most tables and indexes."""
    if has_fallen(new.server.activity, old.server.activity, SERVER_COUNTERS["activity"]):
        return True
    falls = [*_falls_of_tables(new, old), *_falls_of_indexes(new, old)]
    return 2 * sum(falls) > len(falls)


def _falls_of_tables(new: Snapshot, old: Snapshot) -> Iterator[bool]:
    now = {row.table_oid: row for row in new.table_activity}
    for row in old.table_activity:
        if row.table_oid in now and any(getattr(row, name) for name in TABLE_COUNTERS):
            yield has_fallen(now[row.table_oid], row, TABLE_COUNTERS)


def _falls_of_indexes(new: Snapshot, old: Snapshot) -> Iterator[bool]:
    now = {row.index_oid: row for row in new.index_activity}
    for row in old.index_activity:
        if row.index_oid in now and any(getattr(row, name) for name in INDEX_COUNTERS):
            yield has_fallen(now[row.index_oid], row, INDEX_COUNTERS)


def statements_continuity(new: Snapshot, old: Snapshot) -> Continuity:
    """What became of the counters of statements.

    Single entries that were evicted or reset do not count here.

    Raises:
        UsageError: The earlier snapshot has none of them, and the later ones are older than it.
    """
    now, before = new.server.statements_info, old.server.statements_info
    if now is None:
        return Continuity.CONTINUED
    if now.reset_at is not None and now.reset_at > old.server.collected_at:
        return Continuity.RESET
    if before is None:
        raise UsageError(
            ATTEMPTED,
            "it has no counters of statements",
            "Take a new one, from which on statements are counted.",
        )
    if now.reset_at != before.reset_at and None not in (now.reset_at, before.reset_at):
        raise _other_node()
    return _without_reset_time(new, old, now)


def _without_reset_time(new: Snapshot, old: Snapshot, info: StatementsInfo) -> Continuity:
    """Before PostgreSQL 14 a reset shows only where no entry has gone on."""
    if info.reset_at is not None:
        return Continuity.CONTINUED
    entries = {statement.id: statement for statement in new.statements}
    earlier = [statement for statement in old.statements if statement.calls > 0]
    went_on = any(
        one.id in entries and not has_fallen(entries[one.id], one, STATEMENT_COUNTERS)
        for one in earlier
    )
    return Continuity.CONTINUED if went_on or not earlier else Continuity.LOST


def _is_other_node(new: Server, old: Server) -> bool:
    """A standby was promoted or a backup restored, or one of the two was taken from a standby."""
    return new.is_in_recovery != old.is_in_recovery or (
        None not in (new.timeline, old.timeline) and new.timeline != old.timeline
    )


def _other_node() -> UsageError:
    return UsageError(
        ATTEMPTED,
        "another node answered then: its counters are its own and do not go on in the later ones",
        "After a failover take a new snapshot to start from; for a standby use --replica.",
    )
