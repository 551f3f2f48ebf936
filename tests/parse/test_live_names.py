"""The resolver held against PostgreSQL: what a plan filters by, the usage must know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.parse.explain import plan_from_json
from tests.parse.describe import CATALOG, usage

pytestmark = pytest.mark.live

STATEMENTS = (
    "SELECT * FROM users u JOIN orders o ON o.user_id = u.id WHERE u.active AND o.total > 5",
    "SELECT 1 FROM users u, orders o, items i WHERE u.id = o.user_id AND o.id = i.order_id",
    "SELECT 1 FROM users u LEFT JOIN orders o USING (id) WHERE o.status IS NULL OR u.id = 3",
    "SELECT 1 FROM orders NATURAL JOIN items WHERE sku LIKE 'a%'",
    "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
    "SELECT 1 FROM users u WHERE u.id NOT IN (SELECT user_id FROM orders o WHERE status = 'x')",
    "SELECT 1 FROM users u WHERE (id, email) IN (SELECT user_id, status FROM orders o)",
    "SELECT (SELECT max(o.id) FROM orders o WHERE o.user_id = u.id) FROM users u WHERE name = 'a'",
    "SELECT 1 FROM users u, LATERAL (SELECT * FROM orders o WHERE o.user_id = u.id LIMIT 1) x",
    "WITH w AS (SELECT * FROM orders) SELECT 1 FROM w WHERE status = 'a' AND user_id = 5",
    "WITH w AS MATERIALIZED (SELECT * FROM orders WHERE total > 1) SELECT 1 FROM w, users u",
    "SELECT 1 FROM (SELECT user_id AS owner, count(*) FROM orders GROUP BY 1) s WHERE owner = 5",
    "SELECT 1 FROM (SELECT status FROM orders UNION ALL SELECT sku FROM items) x WHERE status='a'",
    "SELECT mail FROM open_mail WHERE order_id = 5",
    "SELECT id FROM open_orders WHERE user_id = 5 AND st = 'x' ORDER BY created_at LIMIT 3",
    "SELECT 1 FROM users a JOIN users b ON lower(a.email) = b.name AND a.id <> b.id",
    "SELECT 1 FROM users WHERE email = 'a' OR email = 'b' OR (active AND id BETWEEN 5 AND 7)",
    "SELECT 1 FROM orders WHERE tags @> '{a}' AND data ->> 'k' = 'v' AND 'x' = ANY (tags)",
    "SELECT 1 FROM orders WHERE (created_at, id) > (now(), 5) ORDER BY created_at, id",
    "SELECT 1 FROM orders WHERE CASE WHEN total > 5 THEN id ELSE user_id END = 4",
    "SELECT status, count(*) FROM orders GROUP BY status HAVING status > 'a' AND count(*) > 1",
    "UPDATE orders o SET total = 1 FROM users u WHERE u.id = o.user_id AND u.email = 'x'",
    "DELETE FROM orders o USING items i WHERE i.order_id = o.id AND i.qty = 0",
    "MERGE INTO orders o USING items i ON o.id = i.order_id WHEN MATCHED THEN DELETE",
    "SELECT 1 FROM generate_series(1, 10) AS g(n) JOIN users u ON u.id = g.n",
    "SELECT 1 FROM archive.orders a JOIN public.orders p ON a.id = p.id WHERE a.note = 'x'",
    "SELECT 1 FROM (users u JOIN orders o ON u.id = o.user_id) JOIN items i ON i.qty = u.id",
)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """A connection to a database that has the tables and views of the catalog."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA archive")
        for table in CATALOG.snapshot.tables:
            columns = ", ".join(f"{column.name} {column.type_name}" for column in table.columns)
            connection.execute(f"CREATE TABLE {table.qualified_name} ({columns})".encode())
        for view in CATALOG.snapshot.views[:2]:
            columns = ", ".join(view.columns)
            connection.execute(f"CREATE VIEW {view.name} ({columns}) AS {view.definition}".encode())
        yield connection


def _conditions(connection: psycopg.Connection, statement: str) -> set[tuple[str, str]]:
    """Alias and column of all that the plan's conditions mention."""
    row = connection.execute(f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}".encode()).fetchone()
    assert row is not None
    nodes = list(plan_from_json(json.dumps(row[0])).root.walk())
    texts = [
        text
        for node in nodes
        for text in (
            *(node.filter, node.index_condition, node.recheck_condition),
            *(node.join_filter, node.hash_condition, node.merge_condition),
        )
        if text is not None
    ]
    aliases = {node.alias for node in nodes if node.relation}
    found = re.finditer(r"\b([a-z_]\w*)\.([a-z_]\w*)", " ".join(texts))
    return {(match[1], match[2]) for match in found if match[1] in aliases}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_knows_all_that_the_plan_filters_and_joins_by(
    connection: psycopg.Connection, statement: str
) -> None:
    found = usage(statement)
    known = {
        (each.alias, column)
        for each in found.relations
        for column in (
            *(predicate.column for predicate in each.predicates),
            *(join.column for join in each.joins),
            *(wrapped.column for wrapped in each.wrapped),
            *(*each.output_columns, *each.group_columns),
        )
    }

    assert found.unresolved == ()
    assert _conditions(connection, statement) <= known


@pytest.mark.parametrize(
    ("statement", "sqlstate", "missing"),
    [
        ("SELECT colour FROM users", "42703", ("colour",)),
        ("SELECT u.colour FROM users u", "42703", ("u.colour",)),
        ("SELECT users.id FROM users u", "42P01", ("users.id",)),
        ("SELECT 1 FROM nosuch", "42P01", ("nosuch",)),
        ("SELECT 1 FROM archive.users", "42P01", ("archive.users",)),
        ("SELECT 1 FROM users, (SELECT users.id) x", "42P01", ("users.id",)),
        ("SELECT 1 FROM (SELECT id FROM users) s WHERE s.email = 'x'", "42703", ("s.email",)),
    ],
)
def test_misses_the_names_that_the_server_misses(
    connection: psycopg.Connection, statement: str, sqlstate: str, missing: tuple[str, ...]
) -> None:
    with pytest.raises(psycopg.Error) as error:
        connection.execute(statement.encode())

    assert error.value.sqlstate == sqlstate
    assert usage(statement).unresolved == missing
