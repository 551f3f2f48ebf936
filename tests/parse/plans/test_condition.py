"""Conditions as EXPLAIN prints them."""

from __future__ import annotations

import pytest

from pgadvisor.model.plan_condition import PlanCondition
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse.plans.condition import UNREADABLE, conditions_of, key_of, shown_condition

K = PredicateKind


@pytest.mark.parametrize(
    ("text", "kind", "column"),
    [
        ("(status = 'open'::text)", K.EQUALITY, "status"),
        ("((email)::text = 'x'::text)", K.EQUALITY, "email"),
        ("(5 < total)", K.RANGE, "total"),
        ("(kind = ANY ('{1,2}'::integer[]))", K.IN_LIST, "kind"),
        ("(NOT is_deleted)", K.EQUALITY, "is_deleted"),
        ("is_deleted", K.EQUALITY, "is_deleted"),
        ("(deleted_at IS NULL)", K.IS_NULL, "deleted_at"),
        ("(deleted_at IS NOT NULL)", K.IS_NOT_NULL, "deleted_at"),
        ("(note ~~ '%x%'::text)", K.PATTERN, "note"),
        ("(status <> 'open'::text)", K.INEQUALITY, "status"),
        ("(o.customer_id = c.id)", K.EQUALITY, "customer_id"),
        ("(c.id = o.customer_id)", K.EQUALITY, "customer_id"),
        ("((id = 1) OR (id = 2))", K.OTHER, None),
        ("(lower(email) = 'x'::text)", K.EQUALITY, None),
        ("(SubPlan 1)", K.OTHER, None),
        ("(ANY (id = (hashed SubPlan 1).col1))", K.OTHER, None),
        ("(total > (SubPlan 1))", K.OTHER, None),
        ("(bought_at = sent_at)", K.OTHER, None),
        ("(id = (InitPlan 1).col1)", K.EQUALITY, "id"),
    ],
)
def test_reads_one_condition_of_a_scan(text: str, kind: K, column: str | None) -> None:
    [condition] = conditions_of(text, "o")

    assert (condition.kind, condition.column) == (kind, column)


def test_takes_conditions_apart_that_are_joined_by_and() -> None:
    first, second = conditions_of("((o.city = 'Bern'::text) AND (o.zip = $2))", "o")

    assert (first.column, first.parameters) == ("city", ())
    assert (second.column, second.table, second.parameters) == ("zip", "o", (2,))


def test_knows_both_sides_of_a_join() -> None:
    [condition] = conditions_of("(o.customer_id = c.id)")

    assert (condition.table, condition.column) == ("o", "customer_id")
    assert (condition.other_table, condition.other_column) == ("c", "id")


def test_knows_the_arms_of_an_or() -> None:
    [condition] = conditions_of("((o.code = 5) OR ((u.email = 'x'::text) AND u.is_on))")

    assert [arm.column for arm in condition.arms] == ["code", "email"]
    assert condition.tables == ("o", "u")


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("(lower((o.email)::text) = 'x'::text)", "lower(CAST(email AS text))"),
        ("(date_trunc('day'::text, at) = $1)", "date_trunc(CAST('day' AS text), at)"),
        ("((o.data ->> 'kind'::text) = 'x'::text)", "data ->> CAST('kind' AS text)"),
    ],
)
def test_keeps_expressions_of_columns(text: str, expression: str) -> None:
    [condition] = conditions_of(text, "o")

    assert condition.expression == expression
    assert not condition.has_literals


def test_knows_expressions_that_hold_what_may_be_data() -> None:
    [condition] = conditions_of("(replace(note, 'secret'::text, ''::text) = 'x'::text)", "o")

    assert condition.has_literals


@pytest.mark.parametrize(
    "text", ["(date_trunc('?'::text, at) = '?'::date)", "((payload ->> '?'::text) = '?'::text)"]
)
def test_an_expression_without_its_constants_is_none_to_be_written(text: str) -> None:
    [condition] = conditions_of(text, "o")

    assert condition.expression
    assert condition.has_literals


@pytest.mark.parametrize("text", [None, "((", "(a = 'x", "a b c"])
def test_what_is_no_sql_has_no_conditions(text: str | None) -> None:
    assert conditions_of(text) == ()


@pytest.mark.parametrize(
    ("text", "column", "expression"),
    [
        ("o.city", "city", None),
        ("lower(o.city)", None, "lower(city)"),
        ("(n % 10)", None, "n % 10"),
        ("((", None, None),
    ],
)
def test_reads_what_rows_are_grouped_by(
    text: str, column: str | None, expression: str | None
) -> None:
    key = key_of(text)

    assert (key and key.column) == column
    assert (key and key.expression) == expression


def test_shows_conditions_without_their_constants() -> None:
    text = "((note = 'secret'::text) AND (total > 12.5) AND (kind = ANY ('{1,2}'::integer[])))"

    assert shown_condition(text) == (
        "((note = ?::text) AND (total > ?) AND (kind = ANY (?::integer[])))"
    )
    assert shown_condition("(a = 'x") == UNREADABLE
    assert shown_condition(None) == ""


def test_conditions_can_be_compared() -> None:
    assert conditions_of("(a = 1)") == conditions_of("(a = 2)")
    assert isinstance(conditions_of("(a = 1)")[0], PlanCondition)
