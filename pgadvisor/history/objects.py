"""The difference of the counters of tables and indexes of two snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pgadvisor.history.counters import difference, has_fallen
from pgadvisor.model.counters import INDEX_COUNTERS, TABLE_COUNTERS
from pgadvisor.model.schema import Index
from pgadvisor.model.snapshot import LOCKED, Snapshot, Unavailable
from pgadvisor.model.statistics import IndexActivity, TableActivity
from pgadvisor.units import format_count

_MAX_NAMES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDifference:
    """What was done to tables and indexes between two snapshots."""

    tables: tuple[TableActivity, ...]
    indexes: tuple[IndexActivity, ...]
    unwatched_index_oids: tuple[int, ...] = ()
    """Made, or set to zero, in between."""
    notes: tuple[str, ...] = ()


def without_strangers(new: Snapshot, old: Snapshot) -> Snapshot:
    """Leave out tables that the earlier snapshot lacks although they may have been there.

    A table that was locked then has no counters to compare with.  Where none was locked, a table
    that was not there was made since.
    """
    if not any(item.reason == LOCKED for item in old.unavailable):
        return new
    known = {table.oid for table in old.tables}
    strangers = tuple(table for table in new.tables if table.oid not in known)
    if not strangers:
        return new
    left = {table.oid for table in new.tables if table.oid in known}
    missing = Unavailable(
        what=f"earlier counters of {_listed([table.qualified_name for table in strangers])}",
        reason="the earlier snapshot lacks what was locked when it was taken",
        consequence="no advice on them",
        remedy="Take a new snapshot to start from.",
    )
    return replace(
        new,
        tables=tuple(table for table in new.tables if table.oid in left),
        indexes=tuple(index for index in new.indexes if index.table_oid in left),
        constraints=tuple(one for one in new.constraints if one.table_oid in left),
        table_activity=tuple(row for row in new.table_activity if row.table_oid in left),
        unavailable=(*new.unavailable, missing),
    )


def object_difference(new: Snapshot, old: Snapshot, *, has_restarted: bool) -> ObjectDifference:
    """What tables and indexes did since the earlier snapshot.

    Args:
        new: The later snapshot.
        old: The earlier one.
        has_restarted: All counters began anew in between, so that there is nothing to take off.
    """
    former_indexes = {index.oid: index for index in old.indexes}
    remade = _remade(new, former_indexes)
    former = {row.index_oid: row for row in old.index_activity}
    unwatched = {index.oid for index in new.indexes if index.oid not in former_indexes}
    if has_restarted:
        tables, indexes = new.table_activity, new.index_activity
    else:
        tables = tuple(_tables(new, old))
        indexes = tuple(_indexes(new, former, remade))
        unwatched |= {
            row.index_oid
            for row in new.index_activity
            if row.index_oid in former and has_fallen(row, former[row.index_oid], INDEX_COUNTERS)
        }
    return ObjectDifference(
        tables=tables,
        indexes=indexes,
        unwatched_index_oids=tuple(sorted(unwatched)),
        notes=tuple(_notes(new, old, unwatched)),
    )


def _tables(new: Snapshot, old: Snapshot) -> Iterator[TableActivity]:
    former = {row.table_oid: row for row in old.table_activity}
    for row in new.table_activity:
        before = former.get(row.table_oid)
        if before is None or has_fallen(row, before, TABLE_COUNTERS):
            yield row
        else:
            yield difference(row, before, TABLE_COUNTERS)


def _indexes(
    new: Snapshot, former: Mapping[int, IndexActivity], remade: Mapping[int, int]
) -> Iterator[IndexActivity]:
    since = new.earlier.collected_at if new.earlier else None
    for row in new.index_activity:
        before = former.get(remade.get(row.index_oid, row.index_oid))
        made = row
        if before is not None and not has_fallen(row, before, INDEX_COUNTERS):
            made = difference(row, before, INDEX_COUNTERS)
        if since is not None and made.last_scan is not None and made.last_scan <= since:
            made = replace(made, last_scan=None)
        yield made


def _remade(new: Snapshot, former: Mapping[int, Index]) -> Mapping[int, int]:
    """By its OID, the earlier OID of an index that was made again under its name.

    REINDEX CONCURRENTLY gives the new index the counters of the old one; after DROP and CREATE
    they begin at zero.  Counters that did not fall are taken for the former, lest what was counted
    before appears as new.
    """
    names = {(index.schema, index.name): index.oid for index in former.values()}
    return {
        index.oid: names[index.schema, index.name]
        for index in new.indexes
        if index.oid not in former and (index.schema, index.name) in names
    }


def _notes(new: Snapshot, old: Snapshot, unwatched: set[int]) -> Iterator[str]:
    names = [f"{one.schema}.{one.name}" for one in new.indexes if one.oid in unwatched]
    if names:
        its = "its" if len(names) == 1 else "their"
        yield (
            f"{_count(len(names), 'index was', 'indexes were')} made, made again or reset in "
            f"between, and nothing is said of {its} use: {_listed(names)}."
        )
    former = {(table.schema, table.name): table.oid for table in old.tables}
    again = [
        table.qualified_name
        for table in new.tables
        if former.get((table.schema, table.name), table.oid) != table.oid
        and table.oid not in former.values()
    ]
    if again:
        yield f"{_count(len(again), 'table was', 'tables were')} made again: {_listed(again)}."


def _count(count: int, singular: str, plural: str) -> str:
    return f"{format_count(count)} {singular if count == 1 else plural}"


def _listed(names: list[str]) -> str:
    found = sorted(names)
    more = len(found) - _MAX_NAMES
    shown = ", ".join(found[:_MAX_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
