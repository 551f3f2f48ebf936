"""Rows for a schema that somebody else has written, made from its catalog.

Each table gets so many rows as it is said to have; values of unique columns differ, references
point to rows that exist, and all the rest repeats: a few values often, others seldom.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import psycopg
from psycopg.rows import class_row

from pgadvisor.sqltext.quote import quote_identifier, quote_literal

_COLUMNS = """
select c.oid::regclass::text as table, a.attname::text as name,
    format_type(a.atttypid, null) as type,
    case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then a.atttypmod - 4 end
        as length,
    a.attgenerated <> '' or a.attidentity <> ''
        or coalesce(pg_get_expr(d.adbin, d.adrelid) like 'nextval%', false) as is_given,
    -- the last column differs within each combination of the others
    exists (select from pg_index i where i.indrelid = c.oid and i.indisunique
        and i.indkey[i.indnatts - 1] = a.attnum) as is_unique,
    array(select e.enumlabel::text from pg_enum e where e.enumtypid = a.atttypid order by 1)
        as labels
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
order by c.oid, a.attnum
"""
_REFERENCES = """
select f.conrelid::regclass::text as table, f.confrelid::regclass::text as referenced,
    array(select a.attname::text from unnest(f.conkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.number
        order by k.place) as columns,
    array(select a.attname::text from unnest(f.confkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.number
        order by k.place) as targets
from pg_constraint f where f.contype = 'f' order by f.conrelid, f.conname
"""
_BY_TYPE = {
    "boolean": "g % 10 = 0",
    "date": "date '2026-01-01' - (g % 300)::int",
    "timestamp with time zone": "timestamptz '2026-11-01 00:00+00' - g * interval '1 minute'",
    "timestamp without time zone": "timestamp '2026-11-01 00:00' - g * interval '1 minute'",
    "time without time zone": "time '00:00' + g * interval '1 second'",
    "uuid": "gen_random_uuid()",
    "bytea": "decode(md5(g::text), 'hex')",
    "json": "json_build_object('number', g)",
    "jsonb": "jsonb_build_object('number', g)",
    "double precision": "g * 0.5",
    "real": "g * 0.5",
    "interval": "g * interval '1 second'",
    "inet": "inet '10.0.0.0' + g",
    "tsvector": "to_tsvector('simple', 'word' || g % 500 || ' thing' || g % 7)",
}
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How many rows tables get, and what is special about them."""

    rows: Mapping[str, int]
    """By the table's name; tables that are not named stay as they are."""
    values: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Expressions of ``g``, the number of the row, by table and column."""
    after: Sequence[str] = ()
    """Statements that are run when all is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    table: str
    name: str
    type: str
    length: int | None
    """The most characters."""
    is_given: bool
    """The server makes its values."""
    is_unique: bool
    labels: list[str]
    """Of an enum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    table: str
    referenced: str
    columns: list[str]
    targets: list[str]


def fill(dsn: str, filling: Filling) -> None:
    """Add rows to tables of the schema ``public``."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        columns: dict[str, list[_Column]] = defaultdict(list)
        for column in connection.cursor(row_factory=class_row(_Column)).execute(_COLUMNS.encode()):
            columns[column.table].append(column)
        cursor = connection.cursor(row_factory=class_row(_Reference))
        references = cursor.execute(_REFERENCES.encode()).fetchall()
        if unknown := sorted(filling.rows.keys() - columns.keys()):
            raise LookupError(f"no such tables: {', '.join(unknown)}")
        for table in _in_order(columns, references):
            if table in filling.rows:
                connection.execute(_insert(columns[table], references, filling).encode())
        for statement in filling.after:
            connection.execute(statement.encode())


def _in_order(tables: Mapping[str, object], references: Sequence[_Reference]) -> Iterator[str]:
    """Referenced tables first."""
    before: dict[str, set[str]] = {table: set() for table in tables}
    for one in references:
        if one.table != one.referenced:
            before[one.table].add(one.referenced)
    while True:
        try:
            order = [*TopologicalSorter(before).static_order()]
        except CycleError as error:
            first, second, *_ = error.args[1]
            before[second].discard(first)
        else:
            yield from order
            return


def _insert(columns: Sequence[_Column], references: Sequence[_Reference], filling: Filling) -> str:
    table = columns[0].table
    values = {column.name: _expression(column) for column in columns if not column.is_given}
    source = f"generate_series(1, {filling.rows[table]}) as g"
    for place, one in enumerate(references):
        if one.table != table:
            continue
        if one.referenced == table:
            values |= dict.fromkeys(one.columns, "null")
            continue
        # Some rows are referred to more often than others.
        which = "(g::bigint * g / 7)" if place % 2 else "g"
        source += (
            f" left join (select row_number() over () - 1 as n, p.* from {one.referenced} p)"
            f" r{place} on r{place}.n = {which}"
            f" % (select nullif(count(*), 0) from {one.referenced})"
        )
        for column, target in zip(one.columns, one.targets, strict=True):
            values[column] = f"r{place}.{quote_identifier(target)}"
    values |= {column: text for (of, column), text in filling.values.items() if of == table}
    names = ", ".join(map(quote_identifier, values))
    return (
        f"insert into {table} ({names}) select {', '.join(values.values())} from {source}"
        " on conflict do nothing"
    )


def _expression(column: _Column) -> str:
    if column.labels:
        labels = ", ".join(map(quote_literal, column.labels))
        return f"(array[{labels}])[1 + g % {len(column.labels)}]::{column.type}"
    if column.type in _BY_TYPE:
        return _BY_TYPE[column.type]
    if column.type.endswith("[]"):
        return "'{}'"
    if column.type in _NUMBERS:
        return f"(1000 + g)::{column.type}" if column.is_unique else "g % 30"
    text = quote_literal(f"{column.name} ")
    made = f"{text} || g" if column.is_unique else f"{text} || floor(sqrt(g % 2500))"
    return f"right({made}, {column.length})" if column.length else made
