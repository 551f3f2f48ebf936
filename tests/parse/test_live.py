"""What is said about statements, held against a server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.explain import plan_from_json, plan_from_object
from pgadvisor.parse.parameters import repairs
from pgadvisor.parse.rewrite import keyset_template, sargable_range, with_skip_locked
from pgadvisor.parse.statement import fingerprint, normalise
from pgadvisor.testing import a_snapshot, a_table
from tests.fixtures.databases import FORGET

pytestmark = pytest.mark.live

SCHEMA = """
    CREATE TABLE events (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL, day date NOT NULL, kind text, amount numeric, n int, data jsonb
    );
    INSERT INTO events (at, day, kind, amount, n, data)
        SELECT timestamptz '2026-01-01' + i * interval '7 hours', date '2026-01-01' + i,
               'k' || i % 5, i * 1.5, i, jsonb_build_object('i', i)
        FROM generate_series(1, 200) AS i;
    ANALYZE events;
"""
EVENTS = Catalog(a_snapshot(a_table("events", "id bigint not null", "at timestamptz not null")))
STATEMENTS = (
    "SELECT count(*) FROM events WHERE at < now() - interval '1 day'",
    "SELECT count(*) FROM events WHERE day >= date '2026-01-05' AND day < date '2026-01-05' + 30",
    "SELECT count(*) FROM events WHERE at > timestamp '2026-01-05' AND n BETWEEN 5 - 1 AND 5 + 1",
    "SELECT count(*) FROM events WHERE at > timestamp with time zone '2026-01-05'",
    "SELECT count(*) FROM events WHERE at < date '2026-01-05' + interval '1' year",
    "SELECT sum(CASE WHEN kind = 'k1' THEN amount ELSE 0 END) FROM events",
    "SELECT sum(CASE WHEN kind = 'k1' THEN 1 ELSE 0 END) FROM events",
    "SELECT 100.0 * sum(CASE WHEN kind LIKE 'k%' THEN amount * (1 - 0.5) ELSE 0 END) FROM events",
    "SELECT extract(year FROM at), count(*) FROM events WHERE extract(day FROM at) = 2 GROUP BY 1",
    "SELECT kind FROM events WHERE kind IN ('k1', 'k2') AND data @> '{\"i\": 5}' LIMIT 3",
    "SELECT substring(kind FROM 1 FOR 1), coalesce(kind, 'none') FROM events WHERE n % 7 = 3",
    "UPDATE events SET n = n + 1, kind = 'k9' WHERE id = 7",
    "INSERT INTO events (at, day, kind) VALUES (now(), current_date, 'x')",
    "DELETE FROM events WHERE kind = 'x' AND at > now() - interval '1 hour'",
    "SELECT format('%s-%s', kind, 'y') FROM events WHERE '5' IS NULL OR n = 5",
)


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    """A connection to a database of events."""
    with psycopg.connect(database, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(SCHEMA)
        yield connection


def _refusal(connection: psycopg.Connection, text: str) -> psycopg.Error | None:
    try:
        connection.execute(f"PREPARE q AS {text}".encode())
    except psycopg.Error as error:
        return error
    connection.execute("DEALLOCATE q")
    return None


def _repaired(connection: psycopg.Connection, text: str) -> str | None:
    """The first repair that the server takes."""
    pending, tried = [text], set[str]()
    while pending and len(tried) < 20:
        attempt = pending.pop(0)
        tried.add(attempt)
        error = _refusal(connection, attempt)
        if error is None:
            return attempt
        position = error.diag.statement_position
        at = None if position is None else int(position) - len("PREPARE q AS ")
        pending[:0] = [each for each in repairs(attempt, error.sqlstate, at) if each not in tried]
    return None


def test_texts_of_pg_stat_statements_can_be_prepared(connection: psycopg.Connection) -> None:
    connection.execute(FORGET)
    for statement in STATEMENTS:
        connection.execute(statement.encode())
    rows = connection.execute(
        "SELECT query FROM pg_stat_statements JOIN pg_database ON oid = dbid"
        " WHERE datname = current_database() AND query ~ 'events'"
    )
    texts = {fingerprint(text): text for (text,) in rows}

    refused = [text for text in texts.values() if _repaired(connection, text) is None]

    assert {fingerprint(statement) for statement in STATEMENTS} <= set(texts)
    assert refused == []
    assert sum(_refusal(connection, text) is not None for text in texts.values()) >= 8


@pytest.mark.parametrize("statement", STATEMENTS)
def test_normalised_texts_can_be_prepared(connection: psycopg.Connection, statement: str) -> None:
    assert _repaired(connection, normalise(statement)) is not None


@pytest.mark.parametrize(
    "condition",
    [
        "date(at) = '2026-01-20'",
        "at::date = date '2026-01-20'",
        "'2026-01-20' <= CAST(at AS date)",
        "date(at) <= '2026-01-20' AND n > 3",
        "date(at) > '2026-01-20' OR n = 3",
        "at::date < '2026-01-20'",
        "date(at) BETWEEN '2026-01-10' AND '2026-01-20'",
        "NOT date(at) = '2026-01-20'",
    ],
)
def test_a_range_finds_the_same_rows(connection: psycopg.Connection, condition: str) -> None:
    connection.execute("SET TimeZone = 'Asia/Tokyo'")
    before = f"SELECT id FROM events WHERE {condition} ORDER BY id"
    rewritten = sargable_range(before, EVENTS)

    assert rewritten is not None
    after = rewritten.text
    found = connection.execute(before.encode()).fetchall()
    assert found
    assert connection.execute(after.encode()).fetchall() == found


def test_paging_by_key_finds_the_next_page(connection: psycopg.Connection) -> None:
    text = "SELECT n, id FROM events WHERE kind = $1 ORDER BY n DESC, id DESC LIMIT 5 OFFSET $2"
    rewritten = keyset_template(text, EVENTS)

    assert rewritten is not None
    template = rewritten.text
    connection.execute(f"PREPARE by_offset AS {text}".encode())
    connection.execute(f"PREPARE by_key AS {template}".encode())
    [*_, (n, id_)] = connection.execute("EXECUTE by_offset('k1', 0)").fetchall()
    by_key = connection.execute(f"EXECUTE by_key('k1', {n}, {id_})".encode()).fetchall()
    assert by_key == connection.execute("EXECUTE by_offset('k1', 5)").fetchall()


def test_a_poll_skips_what_another_holds(connection: psycopg.Connection, database: str) -> None:
    text = "SELECT id FROM events ORDER BY id LIMIT 1 FOR UPDATE"
    after = with_skip_locked(text)

    assert after is not None
    with psycopg.connect(database) as other:
        assert other.execute(text.encode()).fetchall() == [(1,)]
        assert connection.execute(after.encode()).fetchall() == [(2,)]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_reads_the_plans_of_a_server(connection: psycopg.Connection, statement: str) -> None:
    connection.execute("SET random_page_cost = 1.1")
    explain = f"EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) {statement}"
    row = connection.execute(explain.encode()).fetchone()

    assert row is not None
    plan = plan_from_object(row[0])
    assert ("random_page_cost", "1.1") in plan.settings
    assert "events" in {node.relation for node in plan.root.walk()}
    assert plan.total_cost > 0


@pytest.mark.matrix
def test_reads_the_plans_of_each_major(major_database: str) -> None:
    with psycopg.connect(major_database, autocommit=True) as connection:
        connection.execute(SCHEMA)
        for statement in STATEMENTS:
            explain = f"EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) {statement}"
            cursor = connection.cursor(binary=False)
            cursor.execute(f"SET extra_float_digits = 1; {explain}".encode())
            cursor.nextset()
            assert cursor.pgresult is not None
            document = cursor.pgresult.get_value(0, 0)
            assert document is not None
            plan = plan_from_json(document)
            assert "events" in {node.relation for node in plan.root.walk()}
