"""Extended statistics into the twin: ``pg_statistic_ext_data``, for which there is no function.

Only the superuser may write there, and no type of that catalog can be read from text.  So its
bytes are made here, or by the server out of values that the role has put into a table of its own;
see :mod:`.sample_tables`.  The superuser reads no value of the snapshot's from text: numbers of
columns and ratios are numbers, and all else is copied as the bytes that the server made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ExtendedStatistics, RelationKind, Table
from pgadvisor.model.statistics import ExtendedValues
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.statistics.extended_bytes import (
    FormatError,
    dependencies_bytes,
    n_distinct_bytes,
)
from pgadvisor.whatif.twin.statistics.sample_tables import SampleTables, Task
from pgadvisor.whatif.twin.statistics.statistics_object import (
    read_statistics_objects,
)

_EXPRESSIONS_SINCE = 14
_INHERITED_SINCE = 15
"""Before, an object had one set of values: a partitioned table's covered its partitions."""
_TYPES = ("pg_ndistinct", "pg_dependencies", "pg_mcv_list")
_SLOTS = ", ".join(
    f"s.{name}{number}"
    for name in ("stakind", "staop", "stacoll", "stanumbers", "stavalues")
    for number in range(1, 6)
)
_EXPRESSIONS = f"""(
    select array_agg(
        case when s.starelid is not null then row(0::oid, 0::int2, false,
            s.stanullfrac, s.stawidth, s.stadistinct, {_SLOTS})::pg_statistic end
        order by n.place)
    from unnest(%(columns)s::int2[]) with ordinality as n(number, place)
        left join pg_statistic s on s.starelid = %(table)s and s.staattnum = n.number
)"""  # noqa: S608  (our own constants)


def restore_extended_statistics(server: TwinServer, catalog: Catalog) -> list[str]:
    """Give statistics objects their values; returns what failed.

    Args:
        server: The twin's server, whose schema is complete.
        catalog: The snapshot.

    Raises:
        TwinError: The server is gone.
    """
    wanted = [
        one for one in catalog.snapshot.extended_statistics if one.table_oid in catalog.tables
    ]
    objects = read_statistics_objects(server) if wanted else {}
    notes: list[str] = []
    tasks: list[Task] = []
    for one in wanted:
        target = objects.get((one.schema, one.name))
        if target is None:
            continue  # why it could not be made has been said
        table = catalog.tables[one.table_oid]
        if not one.has_values and table.rows > 0:
            notes.append(f"{target.what} have no values in the snapshot")
        for values in _values(server, one, table):
            tasks.append(Task(number=len(tasks), target=target, original=one, values=values))
    if tasks:
        tables = SampleTables(server, tasks)
        try:
            notes += tables.fill()
            notes += _write(server, catalog, tasks, tables)
        finally:
            tables.drop()
    return notes


def _values(server: TwinServer, one: ExtendedStatistics, table: Table) -> Iterator[ExtendedValues]:
    """The values that this major has a place for."""
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    has_both = server.cluster.binaries.major >= _INHERITED_SINCE
    if one.has_values and not one.values:
        # A file of an earlier version has these two alone.
        yield ExtendedValues(
            is_inherited=is_partitioned, n_distinct=one.n_distinct, dependencies=one.dependencies
        )
    for values in one.values:
        if has_both or values.is_inherited == is_partitioned:
            yield values


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row of ``pg_statistic_ext_data``, but for what is copied from other rows."""

    n_distinct: bytes | None = None
    dependencies: bytes | None = None
    most_common: bytes | None = None


def _write(
    server: TwinServer, catalog: Catalog, tasks: Sequence[Task], tables: SampleTables
) -> list[str]:
    """Write all rows; the casts that it takes are never there for anybody else."""
    notes: list[str] = []
    rows = [(task, _row(catalog, task, tables, notes)) for task in tasks]
    with server.failing("restoring extended statistics"), server.admin.transaction():
        for name in _TYPES:
            server.admin.execute(f"create cast (bytea as {name}) without function".encode())
        for task, row in rows:
            _write_row(server, task, row, tables)
        for name in _TYPES:
            server.admin.execute(f"drop cast (bytea as {name})".encode())
    return notes


def _row(catalog: Catalog, task: Task, tables: SampleTables, notes: list[str]) -> _Row:
    values, numbers = task.values, _numbers(catalog.tables[task.original.table_oid], task)
    made: dict[str, bytes] = {}
    for what, text, convert in (
        ("n_distinct", values.n_distinct, n_distinct_bytes),
        ("dependencies", values.dependencies, dependencies_bytes),
    ):
        if text is None:
            continue
        try:
            made[what] = convert(text, numbers)
        except FormatError as error:
            notes.append(f"{what} of {task.target.what} are not in the twin: {error}")
    return _Row(**made, most_common=tables.most_common.get(task.number))


def _numbers(table: Table, task: Task) -> Mapping[int, int]:
    """The twin's numbers of columns and expressions by the original's."""
    here = dict(zip(task.target.columns, task.target.numbers, strict=True))
    columns = {c.number: here[c.name] for c in table.columns if c.name in here}
    return columns | {-n: -n for n in range(1, len(task.target.expressions) + 1)}


def _write_row(server: TwinServer, task: Task, row: _Row, tables: SampleTables) -> None:
    major = server.cluster.binaries.major
    cells = {
        "stxoid": "%(oid)s",
        "stxdndistinct": "%(n_distinct)s::bytea::pg_ndistinct",
        "stxddependencies": "%(dependencies)s::bytea::pg_dependencies",
        "stxdmcv": "%(most_common)s::bytea::pg_mcv_list",
    }
    condition = "stxoid = %(oid)s"
    expressions = tables.expressions.get(task.number)
    if major >= _INHERITED_SINCE:
        cells["stxdinherit"] = "%(is_inherited)s"
        condition += " and stxdinherit = %(is_inherited)s"
    if major >= _EXPRESSIONS_SINCE and expressions is not None:
        cells["stxdexpr"] = _EXPRESSIONS
    values = {
        "oid": task.target.oid,
        "is_inherited": task.values.is_inherited,
        "n_distinct": row.n_distinct,
        "dependencies": row.dependencies,
        "most_common": row.most_common,
        "table": expressions.table_oid if expressions else None,
        "columns": list(expressions.numbers) if expressions else None,
    }
    # ON CONFLICT is not for catalogs; before 15 there is an empty row already.
    delete = f"delete from pg_statistic_ext_data where {condition}"  # noqa: S608  (our own)
    server.admin.execute(delete.encode(), values)
    names, texts = ", ".join(cells), ", ".join(cells.values())
    insert = f"insert into pg_statistic_ext_data ({names}) select {texts}"
    server.admin.execute(insert.encode(), values)
