"""Rules that read plans, held against plans that a server makes."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.testing import a_primary_key, a_snapshot, a_statement, a_table, diagnose
from tests.fixtures.databases import fresh_database

pytestmark = pytest.mark.live

SCHEMA = """
    CREATE TABLE users (id bigint PRIMARY KEY, name text);
    CREATE TABLE orders (
        id bigint PRIMARY KEY, customer_id bigint, status text, note text, created_at timestamptz
    );
    CREATE TABLE refs (number numeric);
    INSERT INTO refs SELECT i FROM generate_series(1, 1000) AS i;
    INSERT INTO users SELECT i, 'n' || i FROM generate_series(1, 20000) AS i;
    INSERT INTO orders SELECT i, i % 50, 's' || i % 3, 'x' || i, now() - i * interval '1 minute'
        FROM generate_series(1, 40000) AS i;
    CREATE INDEX ON orders (created_at);
    ANALYZE users, orders;
"""
ORDERS = a_table("orders", rows=400_000)
USERS = a_table("users", "id bigint not null", "name text", rows=20_000)


REFS = a_table("refs", "number numeric", rows=1_000)


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[psycopg.Connection]:
    with fresh_database(cluster) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield connection


def found(server: psycopg.Connection, rule: str, text: str) -> list[str]:
    """The summaries of what a rule finds in a statement with the server's own plan."""
    statement = a_statement(text, calls=1_000, rows=2_000, shared_blocks_hit=5_000_000)
    return [
        finding.summary
        for finding in diagnose(
            rule,
            a_snapshot(
                *(ORDERS, USERS, REFS, a_primary_key(USERS, "id"), a_primary_key(ORDERS, "id")),
                *(statement, planned(server, statement)),
            ),
        ).findings
    ]


def planned(server: psycopg.Connection, statement: Statement) -> StatementPlan:
    explain = f"EXPLAIN (FORMAT JSON, VERBOSE, GENERIC_PLAN) {statement.text}"
    with psycopg.ClientCursor(server) as cursor:
        row = cursor.execute(explain.encode()).fetchone()
    assert row is not None
    return StatementPlan(statement_id=statement.id, plan=plan_from_object(row[0]))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            "per-row-subquery",
            "SELECT (SELECT count(*) FROM orders WHERE customer_id = users.id) FROM users",
        ),
        (
            "per-row-subquery",
            (
                "SELECT name FROM users WHERE "
                "(SELECT max(created_at) FROM orders WHERE customer_id = users.id) > $1"
            ),
        ),
        (
            "limit-on-ordered-scan",
            "SELECT * FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 2",
        ),
        ("implicit-cast", "SELECT o.note FROM orders o JOIN refs r ON o.id = r.number"),
        (
            "distinct-over-join",
            (
                "SELECT DISTINCT o.status FROM orders o "
                "JOIN orders x ON x.customer_id = o.customer_id WHERE x.status = $1"
            ),
        ),
        (
            "or-across-tables",
            (
                "SELECT o.id FROM orders o JOIN users u ON u.id = o.customer_id "
                "WHERE o.note = $1 OR u.name = $2"
            ),
        ),
        (
            "needless-deduplication",
            (
                "SELECT $1::text, id, created_at FROM orders UNION "
                "SELECT $2::text, id, NULL FROM users ORDER BY 2 LIMIT 5"
            ),
        ),
    ],
)
def test_finds_it_in_a_plan(server: psycopg.Connection, rule: str, text: str) -> None:
    assert len(found(server, rule, text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        (
            "SELECT o.id FROM orders o "
            "WHERE o.note = $1 OR o.customer_id IN (SELECT id FROM users WHERE name = $2)"
        ),
        (
            "SELECT o.id FROM orders o JOIN users u ON u.id = o.customer_id "
            "WHERE o.note = $1 OR o.customer_id IN (SELECT id FROM users WHERE name = $2)"
        ),
        (
            "SELECT o.id FROM orders o WHERE o.note = $1 OR EXISTS "
            "(SELECT FROM users u WHERE u.id = o.customer_id AND u.name = $2)"
        ),
    ],
)
def test_does_not_call_an_or_with_a_subquery_a_join(server: psycopg.Connection, text: str) -> None:
    [summary] = found(server, "or-across-tables", text)

    assert summary.startswith("An OR with a subquery over public.orders, public.users is checked")


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (
            "or-across-tables",
            (
                "SELECT o.id FROM orders o WHERE o.note = $1 "
                "OR o.customer_id NOT IN (SELECT id FROM users WHERE name = $2)"
            ),
        ),
        (
            "or-across-tables",
            (
                "SELECT o.id FROM orders o WHERE o.note = $1 "
                "OR o.created_at > (SELECT min(created_at) FROM orders x WHERE x.id = o.id)"
            ),
        ),
        (
            "or-across-tables",
            "SELECT o.id FROM orders o WHERE o.note = $1 OR o.id = (SELECT min(id) FROM users)",
        ),
        (
            "needless-deduplication",
            "SELECT $1::text, id FROM orders UNION ALL SELECT $2::text, id FROM users",
        ),
        (
            "per-row-subquery",
            "SELECT 1 FROM users WHERE id NOT IN (SELECT customer_id FROM orders)",
        ),
        ("per-row-subquery", "SELECT (SELECT max(created_at) FROM orders) FROM users"),
        ("limit-on-ordered-scan", "SELECT * FROM orders ORDER BY created_at DESC LIMIT 2"),
        ("implicit-cast", "SELECT o.note FROM orders o JOIN users u ON u.id = o.customer_id"),
        (
            "limit-on-ordered-scan",
            "SELECT * FROM orders WHERE note = $1 ORDER BY status LIMIT 2",
        ),
        (
            "distinct-over-join",
            "SELECT DISTINCT o.status FROM orders o JOIN users u ON u.id = o.customer_id",
        ),
        (
            "distinct-over-join",
            "SELECT DISTINCT o.id FROM orders o JOIN users u ON u.id = o.customer_id",
        ),
        ("per-row-subquery", "SELECT o.id, o.customer_id IN (SELECT id FROM users) FROM orders o"),
        (
            "or-across-tables",
            (
                "SELECT count(*) FROM orders o JOIN users u ON u.id = o.customer_id "
                "WHERE o.status = $1 OR u.name = $2"
            ),
        ),
        (
            "or-across-tables",
            (
                "SELECT o.id FROM orders o LEFT JOIN users u ON u.id = o.customer_id "
                "WHERE o.note = $1 OR u.id IS NULL"
            ),
        ),
        (
            "or-across-tables",
            (
                "SELECT o.id FROM orders o JOIN users u ON u.id = o.customer_id "
                "WHERE o.note = $1 OR o.status = $2"
            ),
        ),
    ],
)
def test_finds_nothing_in_a_plan(server: psycopg.Connection, rule: str, text: str) -> None:
    assert found(server, rule, text) == []
