"""Repairing parameters, and putting values in for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.parse import grammar
from pgadvisor.parse.parameters import (
    parameter_numbers,
    repair_parameters,
    repairs,
    spaced_parameters,
    substitute,
)
from tests.parse.strategies import literals, statements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT interval $1", "SELECT $1::interval"),
        ("SELECT now() - interval $1 FROM t", "SELECT now() - $1::interval FROM t"),
        ("SELECT interval $1 day to second", "SELECT $1::interval day to second"),
        ("SELECT date $1, DATE $2", "SELECT $1::date, $2::date"),
        ("SELECT timestamp $1", "SELECT $1::timestamp"),
        ("SELECT timestamptz $1", "SELECT $1::timestamptz"),
        ("SELECT timestamp with time zone $1", "SELECT $1::timestamp with time zone"),
        ("SELECT time $1, timetz $2", "SELECT $1::time, $2::timetz"),
        ("SELECT extract($1 FROM x)", "SELECT pg_catalog.date_part($1::text, x)"),
        ("SELECT uuid $1", "SELECT $1::uuid"),
    ],
)
def test_moves_a_type_behind_its_parameter(text: str, expected: str) -> None:
    assert repair_parameters(text) == expected
    assert repairs(text) == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $1::interval",
        "SELECT date($1)",
        "SELECT CAST(x AS date), $1",
        "SELECT x AS date FROM t WHERE y = $1",
        "SELECT 'interval $1' /* date $1 */",
        "SELECT date, $1 FROM t",
        "SELECT extract(day FROM x), $1",
        "SELECT 'unterminated",
    ],
)
def test_leaves_alone_what_works(text: str) -> None:
    assert repair_parameters(text) == text
    assert repairs(text) == ()


def test_gives_an_operator_between_parameters_a_type() -> None:
    text = "SELECT a FROM t WHERE a < $1 + $2 AND b = $3"
    found = repairs(text, "42725", text.index("+") + 1)

    assert found[:3] == (
        "SELECT a FROM t WHERE a < $1::int4 + $2::int4 AND b = $3",
        "SELECT a FROM t WHERE a < $1::numeric + $2::numeric AND b = $3",
        "SELECT a FROM t WHERE a < $1::interval + $2::interval AND b = $3",
    )
    assert "SELECT a FROM t WHERE a < $1::date + $2::interval AND b = $3" in found


def test_looks_for_the_operator_where_the_server_names_no_place() -> None:
    found = repairs("SELECT $1 + $2", "42725")

    assert found[0] == "SELECT $1::int4 + $2::int4"


def test_gives_branches_below_an_aggregate_a_type_first() -> None:
    text = "SELECT sum(CASE WHEN a = $1 THEN $2 ELSE $3 END), $4 FROM t"
    found = repairs(text, "42883", text.index("sum") + 1)

    assert found[0] == (
        "SELECT sum(CASE WHEN a = $1 THEN $2::numeric ELSE $3::numeric END), $4 FROM t"
    )


def test_gives_text_to_parameters_that_nothing_types() -> None:
    text = "SELECT format($1, $2) FROM t WHERE a IN ($3) AND ($4 IS NULL OR b = $4)"

    assert repairs(text, "42P18")[0] == (
        "SELECT format($1::text, $2::text) FROM t WHERE a IN ($3) AND ($4::text IS NULL OR b = $4)"
    )


def test_has_nothing_to_try_for_an_unknown_table() -> None:
    assert repairs("SELECT a FROM t WHERE b = $1", "42P01", 15) == ()


def test_never_proposes_what_was_tried() -> None:
    text = "SELECT $1::int4 + $2::int4"

    assert text not in repairs(text, "42725", 17)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SELECT $1, $2", {1: "'a'", 2: "5"}, "SELECT 'a', 5"),
        ("SELECT $1, $2", {2: "5"}, "SELECT $1, 5"),
        ("SELECT 1 -$1", {1: "-5"}, "SELECT 1 -(-5)"),
        ("SELECT 1 WHERE a=$1and b", {1: "5"}, "SELECT 1 WHERE a=5 and b"),
        ("SELECT '$1', \"$1\" /* $1 */, $1", {1: "2"}, "SELECT '$1', \"$1\" /* $1 */, 2"),
        ("SELECT $1, $11", {1: "'x'"}, "SELECT 'x', $11"),
    ],
)
def test_puts_values_in(text: str, values: dict[int, str], expected: str) -> None:
    assert substitute(text, values) == expected


@given(statements(), literals)
def test_what_was_put_in_is_scanned_again(text: str, literal: str) -> None:
    result = substitute(text, {1: literal})
    before, after = grammar.significant_tokens(text), grammar.significant_tokens(result)
    expected = [
        name
        for token in before
        for name in (
            [each.name for each in grammar.tokens(literal)]
            if text[token.start : token.end] == "$1"
            else [token.name]
        )
    ]

    assert [token.name for token in after] == expected


@given(statements(), st.integers(1, 5))
def test_parameters_for_parameters_change_nothing(text: str, number: int) -> None:
    assert substitute(text, {number: f"${number}"}) == text


def test_lists_parameters_in_order() -> None:
    assert parameter_numbers("SELECT $3, $1, $3, '$9'") == (3, 1)


def test_puts_blanks_around_parameters() -> None:
    assert spaced_parameters("a=$1,$2") == "a= $1 , $2 "
