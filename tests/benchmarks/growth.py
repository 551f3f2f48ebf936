"""Tables that have grown since they were analysed, whatever their keys and columns are.

Some rows are taken out before ANALYZE and put back after it.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

_TABLES = """
select c.oid::bigint, n.nspname, c.relname, array(
    select a.attname from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname !~ '^pg_'
    and n.nspname not in ('information_schema', 'grown')
order by c.oid
"""


def take_out(connection: psycopg.Connection, growth: float) -> None:
    """Move rows aside, so that the tables grow by that share when they come back, and analyse."""
    connection.execute("set session_replication_role = replica")  # no trigger, no foreign key
    connection.execute("select setseed(0.15)")
    connection.execute("create schema grown")
    for oid, schema, name, _ in connection.execute(_TABLES.encode()).fetchall():
        table, aside = sql.Identifier(schema, name), sql.Identifier("grown", str(oid))
        share = sql.Literal(growth / (1 + growth))
        connection.execute(
            sql.SQL(
                "create table {} as select ctid as grown_place, * from only {} where random() < {}"
            ).format(aside, table, share)
        )
        connection.execute(
            sql.SQL("delete from only {} where ctid in (select grown_place from {})").format(
                table, aside
            )
        )
    connection.execute("vacuum full")
    connection.execute("vacuum (analyze)")


def put_back(connection: psycopg.Connection) -> None:
    """Let the tables grow by the rows that were taken out."""
    for oid, schema, name, columns in connection.execute(_TABLES.encode()).fetchall():
        aside = sql.Identifier("grown", str(oid))
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        connection.execute(
            sql.SQL("insert into {} ({}) overriding system value select {} from {}").format(
                sql.Identifier(schema, name), listed, listed, aside
            )
        )
    connection.execute("set client_min_messages = warning")
    connection.execute("drop schema grown cascade")
    connection.execute("reset client_min_messages")
    connection.execute("reset session_replication_role")
