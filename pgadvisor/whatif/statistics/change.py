"""Changes of what ANALYZE collects, made in a snapshot in the place of a database.

A snapshot has no rows, so that most of what ANALYZE would find after such a change is not known.
What follows from constraints, or from what was found before, is; all else is not simulated, and
the answer says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ExtendedStatistics, RelationKind, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, ExtendedValues
from pgadvisor.sqltext.quote import cut_identifier, qualified, quote_identifier
from pgadvisor.whatif.statistics.determined import Determined, UnknownError
from pgadvisor.whatif.statistics.target import UnknownTargetError, at_target

_MIN_COLUMNS = 2
_MAX_COLUMNS = 8


class StatisticsKind(StrEnum):
    """What an object of CREATE STATISTICS keeps; the values are those of ``stxkind``."""

    N_DISTINCT = "d"
    DEPENDENCIES = "f"
    MOST_COMMON = "m"


_WORDS = {
    StatisticsKind.N_DISTINCT: "ndistinct",
    StatisticsKind.DEPENDENCIES: "dependencies",
    StatisticsKind.MOST_COMMON: "mcv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatistics:
    """CREATE STATISTICS on columns, and ANALYZE of the table."""

    table_oid: int
    columns: tuple[str, ...]
    kinds: tuple[StatisticsKind, ...] = (StatisticsKind.N_DISTINCT, StatisticsKind.DEPENDENCIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropStatistics:
    """DROP STATISTICS."""

    statistics_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatisticsTarget:
    """ALTER TABLE ... ALTER COLUMN ... SET STATISTICS, and ANALYZE of the table."""

    table_oid: int
    column: str
    target: int
    """From 1 to 10,000."""


StatisticsChange = CreateStatistics | DropStatistics | SetStatisticsTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSimulated:
    """A change of which the effect is not known from the snapshot, and why."""

    change: StatisticsChange
    reason: str
    """A clause: ``the snapshot has no values beyond those that were sampled``."""


def change_statistics(snapshot: Snapshot, change: StatisticsChange) -> Snapshot | NotSimulated:
    """Make the snapshot of the database after a change; a twin of it plans by the statistics.

    Args:
        snapshot: The database as it is; it stays as it is.
        change: What is different.

    Returns:
        The other snapshot, or why there is none.
    """
    catalog = Catalog(snapshot)
    match change:
        case DropStatistics():
            return _without(snapshot, change)
        case CreateStatistics():
            return _with(catalog, change)
        case SetStatisticsTarget():
            return _at_target(catalog, change)


def _without(snapshot: Snapshot, change: DropStatistics) -> Snapshot | NotSimulated:
    left = tuple(one for one in snapshot.extended_statistics if one.oid != change.statistics_oid)
    if len(left) == len(snapshot.extended_statistics):
        return NotSimulated(change=change, reason="the snapshot has no such statistics object")
    return replace(snapshot, extended_statistics=left)


def _with(catalog: Catalog, change: CreateStatistics) -> Snapshot | NotSimulated:
    table = catalog.tables.get(change.table_oid)
    if table is None:
        return NotSimulated(change=change, reason="the snapshot has no such table")
    reason = _refusal(catalog, table, change)
    if reason is not None:
        return NotSimulated(change=change, reason=reason)
    determined = Determined(catalog, table)
    try:
        values = ExtendedValues(
            is_inherited=table.kind is RelationKind.PARTITIONED_TABLE,
            n_distinct=determined.n_distinct(change.columns)
            if StatisticsKind.N_DISTINCT in change.kinds
            else None,
            dependencies=determined.dependencies(change.columns)
            if StatisticsKind.DEPENDENCIES in change.kinds
            else None,
        )
    except UnknownError as error:
        return NotSimulated(change=change, reason=str(error))
    made = _object(catalog.snapshot, table, change, values)
    others = catalog.snapshot.extended_statistics
    return replace(catalog.snapshot, extended_statistics=(*others, made))


def _refusal(catalog: Catalog, table: Table, change: CreateStatistics) -> str | None:
    """Why nothing can be told of any statistics of these columns."""
    known = {column.name for column in table.columns}
    if not known.issuperset(change.columns) or len(set(change.columns)) < len(change.columns):
        return "the columns are not different columns of the table"
    if not _MIN_COLUMNS <= len(change.columns) <= _MAX_COLUMNS:
        return "statistics are kept on two to eight columns"
    if StatisticsKind.MOST_COMMON in change.kinds:
        return "which combinations of values are common is known from the rows alone"
    if table.rows <= 0:
        return "the table was never analysed, or has no rows"
    if table.kind is not RelationKind.PARTITIONED_TABLE and catalog.partitions[table.oid]:
        return "no constraint covers the tables that inherit from it"
    return None


def _object(
    snapshot: Snapshot, table: Table, change: CreateStatistics, values: ExtendedValues
) -> ExtendedStatistics:
    numbers = {column.name: column.number for column in table.columns}
    columns = tuple(sorted(change.columns, key=numbers.__getitem__))
    name = _free_name(snapshot.extended_statistics, table, columns)
    kinds = ", ".join(_WORDS[kind] for kind in change.kinds)
    definition = (
        f"CREATE STATISTICS {qualified(table.schema, name)} ({kinds}) "
        f"ON {', '.join(map(quote_identifier, columns))} "
        f"FROM {qualified(table.schema, table.name)}"
    )
    return ExtendedStatistics(
        oid=max((one.oid for one in snapshot.extended_statistics), default=0) + 1,
        schema=table.schema,
        name=name,
        table_oid=table.oid,
        columns=columns,
        kinds=tuple(kind.value for kind in change.kinds),
        definition=definition,
        n_distinct=values.n_distinct,
        dependencies=values.dependencies,
        has_values=True,
        values=(values,),
    )


def _free_name(existing: Sequence[ExtendedStatistics], table: Table, columns: Sequence[str]) -> str:
    taken = {one.name for one in existing if one.schema == table.schema}
    wanted = "_".join((table.name, *columns))
    number = 0
    while True:
        ending = f"_stat{number or ''}"
        name = cut_identifier(wanted, 63 - len(ending)) + ending
        if name not in taken:
            return name
        number += 1


def _at_target(catalog: Catalog, change: SetStatisticsTarget) -> Snapshot | NotSimulated:
    def is_of_column(row: ColumnStatistics) -> bool:
        return (row.relation_oid, row.column) == (change.table_oid, change.column)

    rows = catalog.snapshot.column_statistics
    if not any(map(is_of_column, rows)):
        return NotSimulated(change=change, reason="the snapshot has no statistics of the column")
    for one in catalog.snapshot.extended_statistics:
        if (
            one.table_oid == change.table_oid
            and change.column in one.columns
            and StatisticsKind.MOST_COMMON in one.kinds
        ):
            reason = f"the common combinations of statistics {one.schema}.{one.name} would change"
            return NotSimulated(change=change, reason=reason)
    try:
        changed = tuple(at_target(row, change.target) if is_of_column(row) else row for row in rows)
    except UnknownTargetError as error:
        return NotSimulated(change=change, reason=str(error))
    return replace(catalog.snapshot, column_statistics=changed)
