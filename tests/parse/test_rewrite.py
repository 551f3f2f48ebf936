"""Statements written differently."""

from __future__ import annotations

import pytest
from hypothesis import given

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.grammar import StatementError, fingerprint_of
from pgadvisor.parse.rewrite import keyset_template, pretty, sargable_range, with_skip_locked
from pgadvisor.testing import a_snapshot, a_table
from tests.parse.describe import CATALOG
from tests.parse.strategies import statements

T = Catalog(a_snapshot(a_table("t", "id bigint not null", "a timestamptz", "b text", "x integer")))


def range_of(text: str) -> str | None:
    found = sargable_range(text, T)
    return None if found is None else found.text


def page_of(text: str) -> str | None:
    found = keyset_template(text, T)
    return None if found is None else found.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "select * from jobs where status = $1 order by id limit 1 for update",
            "select * from jobs where status = $1 order by id limit 1 for update SKIP LOCKED",
        ),
        (
            "UPDATE j SET s = 1 WHERE id = (SELECT id FROM j FOR NO KEY UPDATE OF j)",
            "UPDATE j SET s = 1 WHERE id = (SELECT id FROM j FOR NO KEY UPDATE OF j SKIP LOCKED)",
        ),
        (
            "SELECT 1 FROM a, b FOR UPDATE OF a, b FOR SHARE OF b",
            "SELECT 1 FROM a, b FOR UPDATE OF a, b SKIP LOCKED FOR SHARE OF b",
        ),
    ],
)
def test_skips_locked_rows(text: str, expected: str) -> None:
    assert with_skip_locked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM t",
        "SELECT 1 FROM t FOR UPDATE SKIP LOCKED",
        "SELECT 1 FROM t FOR UPDATE NOWAIT",
        "SELECT 1 FROM t FOR SHARE",
        "SELECT substring(a FOR 3) FROM t",
        "SELECT 1 FOR",
        "SELECT 1 FROM t FOR UPDATE; SELECT 2",
    ],
)
def test_has_no_lock_to_skip(text: str) -> None:
    assert with_skip_locked(text) is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("date(a) = $1", "a >= CAST($1 AS date) AND a < CAST($1 AS date) + 1"),
        ("t.a::date = $1::date", "t.a >= CAST($1 AS date) AND t.a < CAST($1 AS date) + 1"),
        ("CAST(a AS date) = current_date", "a >= CURRENT_DATE AND a < CURRENT_DATE + 1"),
        (
            "'2026-01-01' = date(a)",
            "a >= CAST('2026-01-01' AS date) AND a < CAST('2026-01-01' AS date) + 1",
        ),
        ("date(a) < $1", "a < CAST($1 AS date)"),
        ("date(a) <= $1", "a < CAST($1 AS date) + 1"),
        ("date(a) > $1", "a >= CAST($1 AS date) + 1"),
        ("$1 <= date(a)", "a >= CAST($1 AS date)"),
        ("date(a) BETWEEN $1 AND $2", "a >= CAST($1 AS date) AND a < CAST($2 AS date) + 1"),
        ("b = 1 OR date(a) = $1", "b = 1 OR (a >= CAST($1 AS date) AND a < CAST($1 AS date) + 1)"),
    ],
)
def test_turns_a_date_into_a_range(condition: str, expected: str) -> None:
    assert range_of(f"SELECT 1 FROM t WHERE {condition}") == f"SELECT 1 FROM t WHERE {expected}"


@pytest.mark.parametrize(
    "condition",
    [
        "a = $1",
        "date(a) = date(b)",
        "date(a) <> $1",
        "date(a) = $1::timestamptz",
        "date(a) = lower($1)::date",
        "date(a) IN ($1, $2)",
        "date(lower(a)) = $1",
        "date_trunc('day', a) = $1",
        "a::text = $1",
        "date(a) =",
    ],
)
def test_has_no_range(condition: str) -> None:
    assert range_of(f"SELECT 1 FROM t WHERE {condition}") is None


def test_asks_the_catalog_for_the_type() -> None:
    assert sargable_range("SELECT 1 FROM orders WHERE date(status) = $1", CATALOG) is None
    found = sargable_range("SELECT 1 FROM orders WHERE date(created_at) = $1", CATALOG)
    assert found is not None
    assert found.text == (
        "SELECT 1 FROM orders WHERE "
        "created_at >= CAST($1 AS date) AND created_at < CAST($1 AS date) + 1"
    )


def test_a_constant_is_known_to_be_a_date() -> None:
    found = sargable_range("SELECT 1 FROM t WHERE date(a) = current_date", T)

    assert found is not None
    assert [condition[:25] for condition in found.conditions] == ["the session's TimeZone is"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT * FROM t WHERE x = $1 ORDER BY a DESC, id DESC LIMIT $2 OFFSET $3",
            "SELECT * FROM t WHERE x = $1 AND (a, id) < ($3, $4) ORDER BY a DESC, id DESC LIMIT $2",
        ),
        (
            "SELECT id FROM t ORDER BY id OFFSET 100 LIMIT 10",
            "SELECT id FROM t WHERE id > $1 ORDER BY id LIMIT 10",
        ),
        (
            "SELECT t.id AS i, b FROM t ORDER BY i, 2 LIMIT 10 OFFSET 5",
            "SELECT t.id AS i, b FROM t WHERE (t.id, b) > ($1, $2) ORDER BY i, 2 LIMIT 10",
        ),
    ],
)
def test_pages_by_key(text: str, expected: str) -> None:
    assert page_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM t ORDER BY id LIMIT 10",
        "SELECT id FROM t LIMIT 10 OFFSET 5",
        "SELECT id FROM t ORDER BY a, id DESC LIMIT 10 OFFSET 5",
        "SELECT id FROM t ORDER BY lower(a) LIMIT 10 OFFSET 5",
        "SELECT id FROM t ORDER BY a NULLS FIRST LIMIT 10 OFFSET 5",
        "SELECT * FROM t ORDER BY 1 LIMIT 10 OFFSET 5",
        "SELECT a, count(*) FROM t GROUP BY a ORDER BY a LIMIT 10 OFFSET 5",
        "SELECT DISTINCT a FROM t ORDER BY a LIMIT 10 OFFSET 5",
        "SELECT a FROM t UNION SELECT b FROM u ORDER BY a LIMIT 10 OFFSET 5",
        "DELETE FROM t",
        "SELECT a FROM",
    ],
)
def test_cannot_page_by_key(text: str) -> None:
    assert page_of(text) is None


def test_lays_a_statement_out() -> None:
    assert pretty("select a,b from t where x=$1and y in ($2,$3) order by a") == (
        "SELECT\n  a,\n  b\nFROM t\nWHERE\n  x = $1 AND y IN ($2, $3)\nORDER BY\n  a"
    )


def test_lays_out_what_one_formatter_would_change() -> None:
    assert pretty("select a from t where b > now()") == "SELECT a\nFROM t\nWHERE b > now()"


@pytest.mark.parametrize(
    "text", ["select from where", "<unparsable query>", "select '" + "x" * 30_000]
)
def test_shows_what_it_cannot_lay_out_as_it_is(text: str) -> None:
    assert pretty(text) == text


@given(statements())
def test_what_is_laid_out_is_the_same_statement(text: str) -> None:
    try:
        identity = fingerprint_of(text)
    except StatementError:
        assert pretty(text) == text
    else:
        assert fingerprint_of(pretty(text)) == identity
