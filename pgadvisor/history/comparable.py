"""Whether two snapshots are of one database, so that their difference says something."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.errors import UsageError
from pgadvisor.history.continuity import ATTEMPTED
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import format_moment

_ANEW = "Take a new snapshot to start from."


def refuse_incomparable(new: Snapshot, old: Snapshot) -> None:
    """Refuse an earlier snapshot from which no difference can be made.

    Raises:
        UsageError: It is of another database, cluster or major version, later than the other, a
            difference itself, or lacks what would have to be compared.
    """
    for happened, next_step in _objections(new, old):
        raise UsageError(ATTEMPTED, happened, next_step)


def is_identified(new: Snapshot, old: Snapshot) -> bool:
    """Both servers told their system identifier."""
    return None not in (new.server.system_identifier, old.server.system_identifier)


def _objections(new: Snapshot, old: Snapshot) -> Iterator[tuple[str, str]]:
    now, before = new.server, old.server
    if now.database != before.database:
        yield f"it is of the database {before.database}, and not of {now.database}", ""
    if now.major != before.major:
        majors = f"{before.major} and {now.major}"
        yield f"the two are of PostgreSQL {majors}, and an upgrade begins counters anew", _ANEW
    if is_identified(new, old) and now.system_identifier != before.system_identifier:
        yield "it is of another cluster: its system identifier is another one", ""
    oids = (now.database_oid, before.database_oid)
    if None not in oids and oids[0] != oids[1]:
        yield "the database was dropped since, and made again", _ANEW
    if not is_identified(new, old) and new.tables and old.tables and not _shares_tables(new, old):
        yield "it shares no table with the later one, so it is of another database", ""
    if before.collected_at > now.collected_at:
        at = format_moment(before.collected_at)
        yield f"it is the later one: it was taken at {at}", "Exchange the two."
    if old.earlier is not None or new.earlier is not None:
        yield "one of the two is a difference already", "Give two whole snapshots."
    if old.standbys:
        yield "counters of standbys were added to its own", "Give one of the primary alone."
    if (old.schemas, old.excluded_schemas) != (new.schemas, new.excluded_schemas):
        yield "it covers other schemas", "Take both with the same --schema and --exclude-schema."
    yield from _lacking(new, old)


def _lacking(new: Snapshot, old: Snapshot) -> Iterator[tuple[str, str]]:
    """What a collection that broke off has left out then."""
    shared = {table.oid for table in old.tables} & {row.table_oid for row in new.table_activity}
    if shared and not old.table_activity:
        yield "it has no counters of tables", _ANEW
    kept = {index.oid for index in old.indexes} & {row.index_oid for row in new.index_activity}
    if kept and not old.index_activity:
        yield "it has no counters of indexes", _ANEW


def _shares_tables(new: Snapshot, old: Snapshot) -> bool:
    return not {(t.oid, t.schema, t.name) for t in new.tables}.isdisjoint(
        (t.oid, t.schema, t.name) for t in old.tables
    )
