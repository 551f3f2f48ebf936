"""Expressions of index keys and predicates."""

from __future__ import annotations

import pytest
from hypothesis import given

from pgadvisor.parse.expression import (
    columns_in,
    count_statements,
    literals_in,
    may_be_expression,
    predicate_implies_equality,
    replace_literals,
    same_expression,
    statement_kinds,
)
from pgadvisor.parse.grammar import StatementError
from tests.parse.strategies import CANARY, statements


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lower(email)", {"email"}),
        ("(t.a || s.t.b) || 'c'", {"a", "b"}),
        ("((status)::text = 'x'::text) AND active", {"status", "active"}),
        ("now()", set()),
        ('"Weird ""name"""', {'Weird "name"'}),
        ("a -- comment", {"a"}),
    ],
)
def test_names_the_columns(expression: str, expected: set[str]) -> None:
    assert columns_in(expression) == expected


@pytest.mark.parametrize("text", ["", "a,", "1) FROM t WHERE (a", "1), (2", "1; SELECT 2"])
def test_refuses_what_is_no_expression(text: str) -> None:
    with pytest.raises(StatementError):
        columns_in(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((status)::text = 'x'::text)", "status = 'x'"),
        ("lower((email)::text)", "lower(u.email)"),
        ("LOWER(email)", "lower(email)"),
        ("pg_catalog.date(a)", "date(a)"),
        ("(a OPERATOR(pg_catalog.=) 5)", "a=5"),
        ("(status = ANY (ARRAY['a'::text, 'b'::text]))", "status IN ('a', 'b')"),
        ("((s)::text = ANY ((ARRAY['a'::character varying])::text[]))", "s IN ('a')"),
        ("(a <> ALL (ARRAY[1, 2]))", "a NOT IN (1, 2)"),
        ("((a IS NULL) AND (b > 5))", "a IS NULL AND b > 5"),
        ("(data ->> 'k'::text)", "data->>'k'"),
        ("(NOT done)", "NOT done"),
        ("date_trunc('day'::text, a)", "date_trunc('day', a)"),
        ("a FROM", "a FROM"),
    ],
)
def test_the_same_expression_written_differently(one: str, other: str) -> None:
    assert same_expression(one, other)
    assert same_expression(other, one)


@pytest.mark.parametrize(
    ("of_statement", "of_index"),
    [
        ("content ->> $2", "(content ->> 'kind'::text)"),
        ("content ->> $2::text", "(content ->> 'kind'::text)"),
        ("date_trunc($1, at)", "date_trunc('day'::text, at)"),
        ("lower(name)", "lower((name)::text)"),
    ],
)
def test_a_parameter_may_be_any_constant(of_statement: str, of_index: str) -> None:
    assert may_be_expression(of_statement, of_index)


@pytest.mark.parametrize(
    ("of_statement", "of_index"),
    [
        ("content ->> $2", "(content -> 'kind'::text)"),
        ("other ->> $2", "(content ->> 'kind'::text)"),
        ("content ->> 'kind'", "(content ->> 'colour'::text)"),
        ("content ->> $2", "(content ->> name)"),
        ("coalesce(a, $1)", "COALESCE(a, 0, 1)"),
        ("a FROM", "a + 1"),
    ],
)
def test_a_parameter_is_nothing_but_a_constant(of_statement: str, of_index: str) -> None:
    assert not may_be_expression(of_statement, of_index)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a = 2"),
        ("a = 1", "b = 1"),
        ("a + b", "b + a"),
        ("(id)::text", "id"),
        ("date(a)", "mine.date(a)"),
        ("'5'::numeric(5, 2)", "'5'"),
        ("a IN (1, 2)", "a NOT IN (1, 2)"),
        ("a FROM", "a WHERE"),
        ("lower(a)", "upper(a)"),
    ],
)
def test_different_expressions(one: str, other: str) -> None:
    assert not same_expression(one, other)


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        ("(status = 'pending'::text)", (("status", "'pending'"),)),
        ("((status)::text = 'p'::text)", (("status", "'p'"),)),
        ("(active AND (NOT done))", (("active", "true"), ("done", "false"))),
        ("((a = 1) AND (5 = b) AND (c = true))", (("a", "1"), ("b", "5"), ("c", "true"))),
        ("a = 1 OR b = 2", ()),
        ("a = 1 AND b > 2", ()),
        ("a IS NULL", ()),
        ("a = NULL", ()),
        ("a = b", ()),
        ("a = lower('x')", ()),
        ("this is no predicate", ()),
    ],
)
def test_reads_a_predicate_of_equalities(
    predicate: str, expected: tuple[tuple[str, str], ...]
) -> None:
    assert predicate_implies_equality(predicate) == expected


def test_lists_constants_as_they_are_written() -> None:
    text = "a = 'it''s' AND b = E'\\n' AND c = 1.5 AND d = $1 AND e = $t$x$t$ /* 'no' */"

    assert literals_in(text) == ("'it''s'", "E'\\n'", "1.5", "$t$x$t$")


def test_replaces_constants_and_nothing_else() -> None:
    text = "a = 'x' AND \"b 'x'\" = 5 -- 'x'"

    assert replace_literals(text, lambda written: f"<{written}>") == (
        "a = <'x'> AND \"b 'x'\" = <5> -- 'x'"
    )


@given(statements())
def test_no_constant_escapes_replacing(text: str) -> None:
    bare = replace_literals(text, lambda _: "0")

    assert set(literals_in(bare)) <= {"0"}
    assert CANARY not in bare.partition("/*")[0].partition("--")[0]


def test_counts_statements() -> None:
    assert count_statements("CREATE TABLE a (b int);; SELECT ';'; -- ;") == 2


def test_names_the_kinds_of_a_script() -> None:
    text = "SET lock_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1"

    assert statement_kinds(text) == ("VariableSetStmt", "IndexStmt", "SelectStmt")
