"""Updates of what changes alone, held against a server: the same rows, fewer written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pgadvisor.cluster.launch import Cluster
from pgadvisor.parse.parameters import substitute
from pgadvisor.parse.rewrite import changes_only
from tests.fixtures.databases import fresh_database
from tests.parse.rewrite_tables import CATALOG, SCHEMA, numbers, words

CHANGES = {
    "one-column": "UPDATE people SET score = $1 WHERE id < 3",
    "two-columns": "UPDATE people p SET score = $1, name = $2 WHERE p.id < 3",
    "every-row": "UPDATE people SET name = $2, boss_id = NULL, score = $1::integer",
    "upsert": "INSERT INTO people (id, score, name, at) VALUES (1, $1, $2, now()), "
    "(9, $1, $2, now()) ON CONFLICT (id) DO UPDATE SET score = excluded.score, name = $2",
    "upsert-with-alias": "INSERT INTO people AS p (id, score, at) VALUES (2, $1, now()) "
    "ON CONFLICT (id) DO UPDATE SET score = excluded.score WHERE p.name = $2",
}


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A database with the tables of the cases."""
    with fresh_database(cluster) as dsn, psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA)
        connection.commit()
        yield connection


def written(
    server: psycopg.Connection[Any], text: str, rows: list[tuple[str, str]], values: tuple[str, str]
) -> tuple[list[tuple[object, ...]], int]:
    """The table after the statement, and how many rows that wrote; nothing is kept."""
    for number, (score, name) in enumerate(rows):
        insert = (
            f"INSERT INTO people (id, score, name, at) VALUES ({number}, {score}, {name}, 'today')"
        )
        server.execute(insert.encode())
    filled = substitute(text, dict(enumerate(values, 1)))
    count = server.execute(filled.encode()).rowcount
    found = server.execute("SELECT id, boss_id, name, score FROM people ORDER BY id").fetchall()
    server.rollback()
    return found, count


@pytest.mark.live
@pytest.mark.parametrize("before", CHANGES.values(), ids=CHANGES)
def test_leaves_the_same_rows_and_writes_no_more(
    server: psycopg.Connection[Any], before: str
) -> None:
    rewritten = changes_only(before, CATALOG)
    assert rewritten is not None
    after, spared = rewritten.text, set[int]()

    @settings(max_examples=40)
    @example([("1", "'a'")] * 3, ("1", "'a'"))
    @given(st.lists(st.tuples(numbers, words), max_size=4), st.tuples(numbers, words))
    def check(rows: list[tuple[str, str]], values: tuple[str, str]) -> None:
        old, old_count = written(server, before, rows, values)
        new, new_count = written(server, after, rows, values)
        assert old == new
        assert new_count <= old_count
        spared.add(old_count - new_count)

    check()
    # Else nothing would have been compared that stays the same.
    assert max(spared) > 0


@pytest.mark.live
def test_takes_parameters_of_the_columns_types(server: psycopg.Connection[Any]) -> None:
    rewritten = changes_only(
        "UPDATE people SET score = $1, name = $2, at = $3 WHERE id = $4", CATALOG
    )

    assert rewritten is not None
    server.execute(f"PREPARE change AS {rewritten.text}".encode())
    types = server.execute(
        "SELECT parameter_types::text FROM pg_prepared_statements WHERE name = 'change'"
    ).fetchone()
    server.rollback()
    assert types == ('{integer,text,"timestamp with time zone",integer}',)


def test_writes_one_comparison_of_all_columns() -> None:
    rewritten = changes_only("UPDATE people SET score = $1, name = $2 WHERE id = $3", CATALOG)

    assert rewritten is not None
    assert rewritten.text == (
        "UPDATE people SET score = $1, name = $2 WHERE id = $3 "
        "AND (score, name) IS DISTINCT FROM ($1, $2)"
    )
    assert rewritten.condition == (
        "nobody counts the rows that are updated, or needs a trigger that fires for all of them"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("UPDATE people SET score = score + 1 WHERE id = $1", id="of-itself"),
        pytest.param("UPDATE people SET score = $1, at = now() WHERE id = $2", id="a-function"),
        pytest.param("UPDATE people SET score = DEFAULT WHERE id = $1", id="a-default"),
        pytest.param("UPDATE people SET (score, name) = (SELECT 1, 'a')", id="a-query"),
        pytest.param("UPDATE people SET score = $1 WHERE id = $2 RETURNING id", id="returns"),
        pytest.param("UPDATE people SET score = $1 FROM orders WHERE status = $2", id="from"),
        pytest.param("UPDATE gone SET score = $1", id="unknown-table"),
        pytest.param("UPDATE people SET gone = $1", id="unknown-column"),
        pytest.param("INSERT INTO people (id) VALUES ($1)", id="an-insert"),
        pytest.param(
            "INSERT INTO people (id) VALUES ($1) ON CONFLICT DO NOTHING", id="does-nothing"
        ),
        pytest.param("DELETE FROM people WHERE id = $1", id="a-delete"),
        pytest.param("UPDATE people SET", id="no-statement"),
    ],
)
def test_writes_all_rows_for_a_reason(text: str) -> None:
    assert changes_only(text, CATALOG) is None
