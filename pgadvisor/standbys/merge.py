"""What standbys have counted, added to what their primary has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pgadvisor.model.counters import INDEX_COUNTERS, TABLE_READS
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.model.standby import Standby
from pgadvisor.model.statistics import IndexActivity, TableActivity
from pgadvisor.model.window import beginning_of, shortest_window, statement_window
from pgadvisor.standbys.belonging import refuse_strangers
from pgadvisor.standbys.statements import added_statements

_T = TypeVar("_T")


def with_standbys(primary: Snapshot, standbys: Sequence[Snapshot]) -> Snapshot:
    """Add the use of tables and indexes, and the statements, of standbys to their primary's.

    Scans are added up as they are: what they say is whether an index is used anywhere.
    Statements are added at the pace at which the standby runs them, as if it had counted as
    long as the primary, since calls a day are made of their sums.

    Args:
        primary: The analysed database; maybe the difference to an earlier snapshot.
        standbys: Whole snapshots of its standbys, in any order.

    Raises:
        UsageError: One of them is no standby of that primary, or is given twice.
    """
    if not standbys:
        return primary
    refuse_strangers(primary, standbys)
    merged = primary
    for number, standby in enumerate(standbys, start=1):
        name = f"standby {number}"
        statements, notes = added_statements(merged, standby, name)
        merged = replace(
            merged,
            table_activity=tuple(_tables(merged.table_activity, standby.table_activity)),
            index_activity=tuple(_indexes(merged.index_activity, standby.index_activity)),
            statements=statements,
            unavailable=(*merged.unavailable, *_failures(name, standby)),
            standbys=(*merged.standbys, _described(name, standby, notes)),
        )
    return merged


def _described(name: str, standby: Snapshot, notes: tuple[str, ...]) -> Standby:
    window = shortest_window(standby)
    return Standby(
        name=name,
        collected_at=standby.server.collected_at,
        counted_since=beginning_of(window, standby.server.collected_at),
        note=window.note,
        streaming_replica_count=standby.server.streaming_replica_count,
        statement_count=len(standby.statements),
        busy_ms_per_day=_busy_ms_per_day(standby),
        notes=notes,
    )


def _busy_ms_per_day(standby: Snapshot) -> float | None:
    days = statement_window(standby).days
    if not days:
        return None
    return sum(statement.total_time_ms for statement in standby.statements) / days


def _tables(
    rows: Iterable[TableActivity], added: Iterable[TableActivity]
) -> Iterator[TableActivity]:
    others = {row.table_oid: row for row in added}
    for row in rows:
        other = others.get(row.table_oid)
        yield row if other is None else _sum(row, other, TABLE_READS)


def _indexes(
    rows: Iterable[IndexActivity], added: Iterable[IndexActivity]
) -> Iterator[IndexActivity]:
    others: Mapping[int, IndexActivity] = {row.index_oid: row for row in added}
    for row in rows:
        other = others.get(row.index_oid)
        if other is None:
            yield row
        else:
            last_scan = _later(row.last_scan, other.last_scan)
            yield replace(_sum(row, other, INDEX_COUNTERS), last_scan=last_scan)


def _sum(row: _T, other: object, names: Iterable[str]) -> _T:
    sums: dict[str, Any] = {name: getattr(row, name) + getattr(other, name) for name in names}
    return replace(row, **sums)  # type: ignore[type-var]


def _later(first: datetime | None, second: datetime | None) -> datetime | None:
    return max((moment for moment in (first, second) if moment is not None), default=None)


def _failures(name: str, standby: Snapshot) -> Iterator[Unavailable]:
    """What broke off there; what a reading role lacks has been said of the primary."""
    for item in standby.unavailable:
        if item.is_failure:
            yield replace(item, what=f"{item.what} of {name}")
