"""Build a database of 1,000 tables, 5,000 indexes, 10,000 columns and 5,000 statements.

The statements are really run, so that ``pg_stat_statements`` holds them: more than half join
three or more tables, and one in ten has a CTE or a subquery.  The statistics are real too: each
table is filled with a few hundred rows and analysed.  The server needs
``pg_stat_statements.max`` above the number of statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from pgadvisor.units import GiB

TABLES_PER_AREA = 10
COLUMNS_PER_TABLE = 10
INDEXES_PER_TABLE = 5
SEGMENT_BYTES = GiB
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.max": "10000",
}
"""Of the server that it is built on."""

_TABLE: tuple[LiteralString, ...] = (
    """
    create table {table} (
        id bigint primary key,
        parent_id bigint {parent},
        tenant_id integer not null,
        status text not null,
        kind text,
        score double precision,
        amount numeric(12, 2),
        created_at timestamptz not null,
        updated_at timestamptz,
        note text
    )
    """,
    "create index on {table} (parent_id)",
    "create index on {table} (tenant_id, status)",
    "create index on {table} (created_at desc)",
    "create index on {table} (lower(kind)) where status = 'open'",
)

_ROWS = """
insert into {table}
select
    i,
    case when i % 7 > 0 then 1 + (i * 31) % {rows} end,
    (i * i) % 40,
    (array['open', 'done', 'done', 'done', 'failed'])[1 + i % 5],
    'kind ' || i % 13,
    sqrt(i),
    (i * 37 % 1000) / 10.0,
    timestamptz '2025-01-01 00:00+00' + i * interval '1 hour',
    case when i % 3 = 0 then timestamptz '2025-06-01 00:00+00' + i * interval '1 minute' end,
    md5(i::text)
from generate_series(1, {rows}) as i
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much to build."""

    tables: int = 1_000
    """A multiple of ten: the tables of an area refer to one another."""
    statements: int = 5_000
    rows_per_table: int = 300


def build(dsn: str, scale: Scale | None = None) -> None:
    """Create the tables, fill and analyse them, and run the statements."""
    scale = scale or Scale()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute("create extension if not exists pg_stat_statements")
        for area in range(scale.tables // TABLES_PER_AREA):
            _build_area(connection, area, scale.rows_per_table)
        connection.execute("analyze")
        _run(connection, scale)


def _build_area(connection: psycopg.Connection, area: int, rows: int) -> None:
    schema = _schema_name(area)
    connection.execute(sql.SQL("create schema {}").format(sql.Identifier(schema)))
    for number in range(TABLES_PER_AREA):
        name = _table_name(area, number)
        table = sql.Identifier(schema, name)
        parent: sql.Composable = sql.SQL("")
        if number:
            parent = sql.SQL("references {}").format(
                sql.Identifier(schema, _table_name(area, number - 1))
            )
        for part in _TABLE:
            connection.execute(sql.SQL(part).format(table=table, parent=parent))
        connection.execute(sql.SQL(_ROWS).format(table=table, rows=sql.Literal(rows)))


def _schema_name(area: int) -> str:
    return f"area_{area:03}"


def _table_name(area: int, number: int) -> str:
    """Unique in the database: PostgreSQL 18 tells statements apart by it, not by the schema."""
    return f"t{area:03}_{number}"


def _run(connection: psycopg.Connection, scale: Scale) -> None:
    connection.execute("set jit = off")
    connection.execute("select pg_stat_statements_reset()")
    with connection.pipeline() as pipeline:
        for position, text in enumerate(statements(scale)):
            connection.execute(text.encode())
            if position % 200 == 199:  # an error is to show up near its cause
                pipeline.sync()


def statements(scale: Scale) -> Iterator[str]:
    """Yield statements, each with a fingerprint and a queryid of its own."""
    areas = scale.tables // TABLES_PER_AREA
    for number in range(scale.statements):
        shape = _SHAPES[number % len(_SHAPES)]
        turn = number // len(_SHAPES)
        area = turn % areas
        first = turn % (TABLES_PER_AREA - 3)
        names = {"abcd"[i]: _table_name(area, first + i) for i in range(4)}
        column = _COLUMNS[turn // areas % len(_COLUMNS)]
        yield " ".join(shape.split()).format(s=_schema_name(area), column=column, **names)


_COLUMNS = ("status", "kind", "note", "amount", "score", "updated_at", "created_at")

# {a} refers to nothing here, {b} to {a}, {c} to {b}, {d} to {c}.
_SHAPES = (
    """with open_rows as (select id, parent_id, {column} from {s}.{b} where status = 'open')
       select open_rows.{column}, {a}.note from open_rows
       join {s}.{a} on {a}.id = open_rows.parent_id
       join {s}.{c} on {c}.parent_id = open_rows.id
       where {a}.tenant_id = 7 order by {a}.created_at desc limit 10""",
    """select {a}.id, {b}.{column}, {c}.note from {s}.{a}
       join {s}.{b} on {b}.parent_id = {a}.id join {s}.{c} on {c}.parent_id = {b}.id
       where {a}.tenant_id = 3 and {c}.{column} is not null""",
    """select {a}.{column}, count(*) from {s}.{a}
       join {s}.{b} on {b}.parent_id = {a}.id join {s}.{c} on {c}.parent_id = {b}.id
       where {c}.created_at > timestamptz '2025-01-10 00:00+00'
       group by {a}.{column} order by 2 desc limit 10""",
    """select {a}.id, {d}.{column} from {s}.{a}
       join {s}.{b} on {b}.parent_id = {a}.id join {s}.{c} on {c}.parent_id = {b}.id
       join {s}.{d} on {d}.parent_id = {c}.id
       where {a}.status = 'done' and {d}.kind = 'kind 3' order by {d}.created_at limit 10""",
    """select {a}.tenant_id, sum({c}.amount), max({b}.{column}) from {s}.{a}
       left join {s}.{b} on {b}.parent_id = {a}.id left join {s}.{c} on {c}.parent_id = {b}.id
       where {a}.created_at between timestamptz '2025-01-03 00:00+00'
       and timestamptz '2025-01-05 00:00+00' group by {a}.tenant_id""",
    """select {c}.* from {s}.{a}
       join {s}.{b} on {b}.parent_id = {a}.id join {s}.{c} on {c}.parent_id = {b}.id
       where {a}.id = 17 and {b}.{column} is not null order by {c}.updated_at nulls first""",
    "select id, {column} from {s}.{b} where note = 'abc' and tenant_id = 4",
    "select count(*), min({column}) from {s}.{c} where kind like 'kind 1%' and score > 4.5",
    "update {s}.{b} set updated_at = now(), {column} = {column} where id = 12",
    "delete from {s}.{d} where id = -1 and {column} is null",
)
