"""Usage: what conditions do to one relation."""

from __future__ import annotations

import pytest

from tests.parse.describe import conditions, reads, usage


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("id = $1", ["id equality = $1"]),
        ("$1 = id", ["id equality = $1"]),
        ("id = $1::bigint", ["id equality = $1"]),
        ("status = 'open'", ["status equality = 'open'"]),
        ("status = 'it''s'::text", ["status equality = 'it''s'::text"]),
        ("id = -5", ["id equality = -5"]),
        ("id = (SELECT 5)", ["id equality ="]),
        ("created_at > now() - interval '1 day'", ["created_at range >"]),
        ("5 < id", ["id range > 5"]),
        ("id BETWEEN $1 AND $2", ["id range >= $1", "id range <= $2"]),
        ("id NOT BETWEEN 1 AND 2", ["id range < 1 maybe", "id range > 2 maybe"]),
        ("id >= $1 AND id < $2", ["id range >= $1", "id range < $2"]),
        ("id <> 5", ["id inequality <> 5"]),
        ("id != 5", ["id inequality <> 5"]),
        ("status IN ('a', 'b')", ["status in_list = ('a', 'b')"]),
        ("status IN ($1)", ["status in_list = $1"]),
        ("status IN ($1, $2)", ["status in_list ="]),
        ("status NOT IN ('a', 'b')", ["status inequality <> ('a', 'b')"]),
        ("id = ANY ($1)", ["id in_list = $1"]),
        ("id = ANY ('{1,2}'::int[])", ["id in_list = '{1,2}'::integer[]"]),
        ("id <> ALL ($1)", ["id inequality <> $1"]),
        ("status IS NULL", ["status is_null"]),
        ("status IS NOT NULL", ["status is_not_null"]),
        ("NOT status IS NULL", ["status is_not_null"]),
        ("status LIKE 'a%'", ["status pattern ~~ 'a%'"]),
        ("status ILIKE $1", ["status pattern ~~* $1"]),
        ("status ~ '^a'", ["status pattern ~ '^a'"]),
        ("status NOT LIKE 'a%'", ["status inequality !~~ 'a%'"]),
        ("status LIKE ANY ($1)", ["status pattern ~~ $1"]),
        ("status ^@ 'a'", ["status pattern ^@ 'a'"]),
        ("status IS NOT DISTINCT FROM $1", ["status equality IS NOT DISTINCT FROM $1"]),
        ("status IS DISTINCT FROM $1", ["status inequality IS DISTINCT FROM $1"]),
        ("tags @> ARRAY['a']", ["tags other @> ARRAY['a']"]),
        ("ARRAY['a'] <@ tags", ["tags other @> ARRAY['a']"]),
        ("tags && $1", ["tags other && $1"]),
        ("$1 = ANY (tags)", ["tags other = ANY $1"]),
        ("data ? 'k'", ["data other ? 'k'"]),
        ("status = 'a' OR status = 'b'", ["status in_list = ('a', 'b')"]),
        ("status = 'a' OR id = 5", ["status equality = 'a' maybe", "id equality = 5 maybe"]),
        ("$1 IS NULL OR id = $1", ["id equality = $1 maybe"]),
        (
            "(id = 1 AND status = 'a') OR (status = 'b' AND (id = 1 AND total > 5))",
            [
                "id equality = 1",
                "status equality = 'a' maybe",
                "status equality = 'b' maybe",
                "total range > 5 maybe",
            ],
        ),
        (
            "(id = 1 AND total > 5) OR (id = 1 AND total > 5)",
            ["id equality = 1", "total range > 5"],
        ),
        (
            "(id = $1 AND total > 5) OR id = $2",
            ["id equality = $1 maybe", "total range > 5 maybe", "id equality = $2 maybe"],
        ),
        ("NOT (status = 'a' OR id > 5)", ["status inequality <> 'a'", "id range <= 5"]),
        (
            "NOT (status = 'a' AND id > 5)",
            ["status inequality <> 'a' maybe", "id range <= 5 maybe"],
        ),
        ("(created_at, id) > ($1, $2)", ["created_at range > $1", "id other > $2"]),
        ("(status, id) = ($1, $2)", ["status equality = $1", "id equality = $2"]),
        ("(status, id) IN (($1, 1), ($2, 2))", ["status in_list =", "id in_list = (1, 2)"]),
    ],
)
def test_reads_a_condition(condition: str, expected: list[str]) -> None:
    found = conditions(f"SELECT id FROM orders WHERE {condition}")

    assert found == [f"orders: {each}" for each in expected]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("active", "active equality = true"),
        ("NOT active", "active equality = false"),
        ("active IS TRUE", "active equality = true"),
        ("active IS FALSE", "active equality = false"),
        ("active IS NOT TRUE", "active inequality <> true"),
        ("active IS UNKNOWN", "active is_null"),
        ("active = true", "active equality = true"),
    ],
)
def test_reads_a_boolean_column(condition: str, expected: str) -> None:
    assert conditions(f"SELECT id FROM users WHERE {condition}") == [f"users: {expected}"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("date(created_at) = $1", "created_at in [date(created_at)] date = $1"),
        ("created_at::date = $1", "created_at in [CAST(created_at AS date)] ::date = $1"),
        ("lower(o.status) = lower($1)", "status in [lower(status)] lower = lower($1)"),
        ("id + 1 = $1", "id in [id + 1] + = $1"),
        ("$1 > id * 2", "id in [id * 2] * < $1"),
        ("coalesce(status, '') = $1", "status in [COALESCE(status, '')] coalesce = $1"),
        ("data ->> 'k' = $1", "data in [data ->> 'k'] ->> = $1"),
        ("lower(status) LIKE 'a%'", "status in [lower(status)] lower ~~ 'a%'"),
        ("lower(status) IN ('a', 'b')", "status in [lower(status)] lower ="),
        ("lower(status) IS NULL", "status in [lower(status)] lower IS NULL"),
        ("id::text = $1", "id in [CAST(id AS text)] ::text = $1"),
        ('status COLLATE "C" = $1', 'status in [status COLLATE "C"] collate = $1'),
        ("lower(status) = $1 OR id = 1", "status in [lower(status)] lower = $1 maybe"),
    ],
)
def test_sees_a_column_hidden_in_an_expression(condition: str, expected: str) -> None:
    assert f"o: {expected}" in conditions(f"SELECT id FROM orders o WHERE {condition}")


@pytest.mark.parametrize("condition", ["name::text = $1", "email::varchar = $1", "id::int = $1"])
def test_takes_a_cast_that_changes_nothing_for_the_column(condition: str) -> None:
    [found] = conditions(f"SELECT id FROM users WHERE {condition}")

    assert found.endswith("equality = $1")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("id = 5.5", "users: id in [CAST(id AS numeric)] ::numeric = 5.5"),
        ("id = $1::numeric", "users: id in [CAST(id AS numeric)] ::numeric = CAST($1 AS numeric)"),
        ("id = 5000000000", "users: id equality = 5000000000"),
    ],
)
def test_sees_the_cast_that_postgresql_adds(condition: str, expected: str) -> None:
    assert conditions(f"SELECT id FROM users WHERE {condition}") == [expected]


def test_an_expression_over_two_relations_hides_no_column() -> None:
    text = "SELECT 1 FROM users u, orders o WHERE u.id + o.user_id = $1"

    assert conditions(text) == []
    assert reads(text, "u") == ("id",)
    assert reads(text, "o") == ("user_id",)


def test_other_columns_of_a_hidden_one_are_read() -> None:
    text = "SELECT 1 FROM orders WHERE status || tags::text = $1"

    assert reads(text, "orders") == ("tags",)


def test_a_comparison_within_a_row_is_no_predicate() -> None:
    text = "SELECT 1 FROM orders WHERE id = user_id"

    assert conditions(text) == []
    assert reads(text, "orders") == ("id", "user_id")


def test_system_columns_are_known_and_never_indexed() -> None:
    found = usage("SELECT 1 FROM orders WHERE ctid = '(0,1)' AND xmin::text = '5'")

    assert found.unresolved == ()
    assert found.relations[0].predicates == ()


def test_a_function_as_a_condition_reads_its_columns() -> None:
    text = "SELECT 1 FROM orders WHERE starts_with(status, 'a')"

    assert conditions(text) == []
    assert reads(text, "orders") == ("status",)


def test_names_functions_as_the_text_does() -> None:
    found = usage(
        "SELECT count(*), pg_catalog.lower(status), extract(year FROM created_at) FROM orders"
    )

    assert found.functions == ("count", "pg_catalog.lower", "extract")
    assert found.parameter_count == 0


def test_a_type_of_two_words_is_one_type() -> None:
    assert conditions("SELECT 1 FROM users WHERE id > $1::float8") == [
        "users: id in [CAST(id AS double precision)] ::double precision > CAST($1 AS float8)"
    ]
