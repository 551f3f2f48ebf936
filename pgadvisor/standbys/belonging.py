"""Whether a snapshot is one of a standby of the analysed primary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pgadvisor.errors import UsageError
from pgadvisor.model.snapshot import Snapshot


def refuse_strangers(primary: Snapshot, standbys: Sequence[Snapshot]) -> None:
    """Refuse what is no standby of that primary, or is given twice.

    Raises:
        UsageError: It names the standby by its place and says what is wrong.
    """
    seen: dict[datetime | None, int] = {}
    for number, standby in enumerate(standbys, start=1):
        attempted = f"adding standby {number}"
        for happened, next_step in _objections(primary, standby):
            raise UsageError(attempted, happened, next_step)
        # No two servers start in the same microsecond.
        started_at = standby.server.started_at
        if started_at is not None and started_at in seen:
            raise UsageError(attempted, f"it is the same server as standby {seen[started_at]}")
        seen[started_at] = number


def _objections(primary: Snapshot, standby: Snapshot) -> Iterator[tuple[str, str]]:
    here, there = primary.server, standby.server
    if here.is_in_recovery:
        yield "the analysed server is a standby itself", "Analyse the primary."
    if not there.is_in_recovery:
        yield "it is no standby: it is not in recovery", "Name a standby of the analysed server."
    if here.database != there.database:
        yield f"it is of the database {there.database}, and not of {here.database}", ""
    if here.major != there.major:
        yield f"it is PostgreSQL {there.major}, and the primary is {here.major}", ""
    yield from _other_clusters(primary, standby)
    if (primary.schemas, primary.excluded_schemas) != (standby.schemas, standby.excluded_schemas):
        yield "it covers other schemas", "Take both with the same --schema and --exclude-schema."
    if standby.earlier is not None or standby.standbys:
        yield "it is no whole snapshot of one node", ""
    if primary.indexes and not standby.index_activity:
        yield "the use of its indexes could not be read", "Run again."


def _other_clusters(primary: Snapshot, standby: Snapshot) -> Iterator[tuple[str, str]]:
    here, there = primary.server, standby.server
    if None in (here.system_identifier, there.system_identifier):
        if standby.tables and primary.tables and not _shares_tables(primary, standby):
            yield "it shares no table with the primary", ""
        return
    if here.system_identifier != there.system_identifier:
        yield "it is of another cluster: its system identifier is another one", ""
    # What it replays lags behind, so that it may be on an earlier timeline; on a later one it
    # follows another primary.
    if (there.timeline or 0) > (here.timeline or 0):
        yield "it follows another primary: its timeline is a later one", ""


def _shares_tables(primary: Snapshot, standby: Snapshot) -> bool:
    return not {(t.oid, t.name) for t in primary.tables}.isdisjoint(
        (t.oid, t.name) for t in standby.tables
    )
