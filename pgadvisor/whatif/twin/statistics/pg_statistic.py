"""Statistics into ``pg_statistic`` itself, as ANALYZE writes them, for majors before 18.

Only the superuser may write there, and reading values from text runs the input functions of
their types.  A domain is therefore read as the type below it, whose values are the same bytes
without the domain's checks; a type that would run code of the snapshot's all the same is not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.schema.parse_time import PIN_PATH, runs_code
from pgadvisor.whatif.twin.session import TwinServer, reason_of
from pgadvisor.whatif.twin.statistics.statistics_slots import Column, Slot, Unfit, slots_of
from pgadvisor.whatif.twin.statistics.value_types import ValueType, read_value_types

_COLUMNS = """
select n.nspname, c.relname, a.attname, c.oid::bigint, a.attnum::int, a.atttypid::bigint,
    a.attcollation::bigint,
    case when i.indkey[a.attnum - 1] = 0 and exists (select from pg_opclass o
        where o.oid = i.indclass[a.attnum - 1] and o.opckeytype <> 0)
    then pg_get_indexdef(c.oid, a.attnum, false) end,
    i.indrelid::regclass::text
from unnest(%s::text[], %s::text[]) as wanted(schema, relation)
    join pg_namespace n on n.nspname = wanted.schema
    join pg_class c on c.relnamespace = n.oid and c.relname = wanted.relation
    join pg_attribute a on a.attrelid = c.oid
    left join pg_index i on i.indexrelid = c.oid
where c.relowner = 'twin'::regrole and c.oid >= 16384 and a.attnum > 0 and not a.attisdropped
"""
"""With the expression of an index column that keeps another type than its expression's."""
_SLOT_COUNT = 5
_STAGE = "create temp table staged (number int primary key, {columns})".format(
    columns=", ".join(
        [
            *("relation oid", "attribute int2", "is_inherited bool", "null_ratio float4"),
            *("width int4", "n_distinct float4"),
            *(
                f"kind{n} int2, operator{n} oid, collation{n} oid, numbers{n} float4[],"
                f" texts{n} text, type{n} oid"
                for n in range(1, _SLOT_COUNT + 1)
            ),
        ]
    )
)


def _each(template: str) -> str:
    return ", ".join(template.format(n) for n in range(1, _SLOT_COUNT + 1))


_VALUES = "array_in(textout(texts{0}), type{0}, -1)"
_INSERT = f"""
insert into pg_statistic (
    starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
    {_each("stakind{0}")}, {_each("staop{0}")}, {_each("stacoll{0}")},
    {_each("stanumbers{0}")}, {_each("stavalues{0}")})
select relation, attribute, is_inherited, null_ratio, width, n_distinct,
    {_each("kind{0}")}, {_each("operator{0}")}, {_each("collation{0}")},
    {_each("numbers{0}")}, {_each(_VALUES)}
from staged where number between %s and %s
"""  # noqa: S608  (our own constants)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationColumn:
    """Statistics of one column of a table, or of one expression of an index, by name."""

    schema: str
    relation: str
    statistics: ColumnStatistics

    @property
    def key(self) -> tuple[str, str, str]:
        """Schema, relation and column."""
        return self.schema, self.relation, self.statistics.column

    @property
    def what(self) -> str:
        """For people: ``statistics of public.orders.status``."""
        return f"statistics of {'.'.join(self.key)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """One row on its way."""

    column: Column
    row: RelationColumn
    slots: tuple[Slot, ...]


def insert_statistics(server: TwinServer, rows: Iterable[RelationColumn]) -> list[str]:
    """Write statistics of columns that have none; returns what could not be written.

    Raises:
        TwinError: The server is gone.
    """
    notes: list[str] = []
    staged = list(_prepared(server, list(rows), notes))
    with server.failing("restoring statistics on the twin"), server.admin.transaction():
        server.admin.execute(_STAGE.encode())
        _stage(server, staged)
        _insert(server, staged, 0, len(staged), notes)
        server.admin.execute("drop table pg_temp.staged")
    return notes


def _prepared(
    server: TwinServer, rows: Sequence[RelationColumn], notes: list[str]
) -> Iterator[_Staged]:
    """Find columns and their types, and arrange the statistics in slots."""
    columns = _columns(server, {row.key[:2] for row in rows})
    here = [column for row in rows if (column := columns.get(row.key)) is not None]
    types = _types(server, {column.type_oid for column in here})
    for row in rows:
        column = columns.get(row.key)
        if column is None:
            notes.append(f"{row.what} are not in the twin: it has no such column")
            continue
        slots = []
        for slot in slots_of(row.statistics, column, types):
            if isinstance(slot, Unfit):
                name = ".".join(row.key)
                notes.append(f"{slot.what} of {name} are not in the twin: {slot.reason}")
            else:
                slots.append(slot)
        yield _Staged(column=column, row=row, slots=tuple(slots))


def _columns(
    server: TwinServer, relations: Collection[tuple[str, str]]
) -> dict[tuple[str, str, str], Column]:
    found = {}
    typeless: list[tuple[tuple[str, str, str], str, str]] = []
    names = [schema for schema, _ in relations], [relation for _, relation in relations]
    for schema, relation, name, oid, number, type_oid, collation, *of_index in server.query(
        _COLUMNS, names
    ):
        found[schema, relation, name] = Column(
            relation_oid=oid, number=number, type_oid=type_oid, collation_oid=collation
        )
        expression, table = of_index
        if expression is not None:
            typeless.append(((schema, relation, name), expression, table))
    is_safe = bool(typeless) and not runs_code(server)
    for key, expression, table in typeless:
        type_oid = _type_of(server, expression, table) if is_safe else None
        if type_oid is None:
            del found[key]
        else:
            found[key] = replace(found[key], type_oid=type_oid)
    return found


def _type_of(server: TwinServer, expression: str, table: str) -> int | None:
    """The type of an expression, which is looked at by the role and neither planned nor run.

    Planning would read the table's indexes, which may not be as they should be yet.
    """
    select = f"select {expression} from only {table}"  # noqa: S608 - the role's own text
    connection = server.role.pgconn
    with server.failing("restoring statistics on the twin"):
        # What the expression's names stand for must not be for the snapshot's code to say.
        server.role.execute(f"begin; {PIN_PATH.format('true')}".encode())
        connection.prepare(b"", select.encode())
        described = connection.describe_prepared(b"")
        server.role.execute(b"rollback")
    return described.ftype(0) if described.nfields == 1 else None


def _types(server: TwinServer, oids: set[int]) -> dict[int, ValueType]:
    """Types, and those of their elements, by OID."""
    types = read_value_types(server, oids)
    elements = {t.element_oid for t in types.values() if t.element_oid is not None}
    return {**types, **read_value_types(server, elements - types.keys())}


def _stage(server: TwinServer, staged: Sequence[_Staged]) -> None:
    with server.admin.cursor().copy("copy pg_temp.staged from stdin") as copy:
        for number, one in enumerate(staged):
            copy.write_row(_fields(number, one))


def _fields(number: int, one: _Staged) -> Sequence[Any]:
    statistics = one.row.statistics
    fields: list[Any] = [number, one.column.relation_oid, one.column.number]
    fields += [statistics.is_inherited, statistics.null_ratio, statistics.average_width_bytes]
    fields.append(statistics.n_distinct)
    for slot in one.slots:
        fields += [slot.kind, slot.operator, slot.collation, slot.numbers, slot.values]
        fields.append(slot.type_oid if slot.values is not None else None)
    for _ in range(_SLOT_COUNT - len(one.slots)):
        fields += [0, 0, 0, None, None, None]
    return fields


def _insert(
    server: TwinServer, staged: Sequence[_Staged], start: int, end: int, notes: list[str]
) -> None:
    """Write rows from the one number on, up to before the other; halve what is refused."""
    if start >= end:
        return
    try:
        with server.admin.transaction():
            server.admin.execute(_INSERT.encode(), (start, end - 1))
    except psycopg.Error as error:
        if server.admin.broken:
            raise
        if end - start == 1:
            notes.append(f"{staged[start].row.what} are not in the twin: {reason_of(error)}")
            return
        middle = (start + end) // 2
        _insert(server, staged, start, middle, notes)
        _insert(server, staged, middle, end, notes)
