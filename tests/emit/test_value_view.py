"""Plans that depend on a value, in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from pgadvisor.emit.report import ReportFormat, render
from pgadvisor.emit.value_view import VariantView, view_value_plans
from pgadvisor.model.sensitivity import (
    AskedColumns,
    ClassCost,
    PlansByValue,
    PlanVariant,
    ValueClass,
    ValueKind,
)
from tests.emit.sample import an_advice


def a_class(column: str, ratio: float, table: str = "public.orders") -> ValueClass:
    asked = AskedColumns(table=table, columns=(column,))
    return ValueClass(asked=asked, kind=ValueKind.VALUE, low_ratio=ratio, high_ratio=ratio)


def a_variant(*combinations: tuple[ValueClass, ...]) -> PlanVariant:
    members = tuple(ClassCost(classes=each, weight=0.1, cost=5.0) for each in combinations)
    return PlanVariant(nodes=("Seq Scan on orders",), members=members)


def views(*variants: PlanVariant) -> tuple[VariantView, ...]:
    found = PlansByValue(statement_id="1", variants=variants, generic_cost=8.0)
    return view_value_plans(replace(an_advice(), plans_by_value=(found,)))[0].variants


HEAVY, MIDDLE, LIGHT = (a_class("tenant", ratio) for ratio in (0.5, 0.1, 0.01))
OPEN, DONE = (a_class("status", ratio) for ratio in (0.05, 0.95))


def test_names_the_column_alone_that_makes_the_difference() -> None:
    one = a_variant(*product((HEAVY,), (OPEN, DONE)))
    two = a_variant(*product((MIDDLE, LIGHT), (OPEN, DONE)))

    assert [view.asked for view in views(one, two)] == [
        "tenant: a value held by 50 % of the rows",
        "tenant: one of 2 values held by 1 to 10 % of the rows each",
    ]


def test_joins_neighbours_alone() -> None:
    one = a_variant((HEAVY,), (LIGHT,))

    assert [view.asked for view in views(one, a_variant((MIDDLE,)))] == [
        "tenant: a value held by 50 % of the rows, or a value held by 1 % of the rows",
        "tenant: a value held by 10 % of the rows",
    ]


def test_lists_combinations_that_no_column_tells_apart() -> None:
    one = a_variant((HEAVY, OPEN), (LIGHT, DONE))

    assert views(one, a_variant((HEAVY, DONE)))[0].asked == (
        "tenant: a value held by 50 % of the rows, status: a value held by 5 % of the rows"
        " / tenant: a value held by 1 % of the rows, status: a value held by 95 % of the rows"
    )


def test_names_the_table_where_two_have_such_a_column() -> None:
    other = a_class("tenant", 0.2, "public.items")

    assert views(a_variant((HEAVY, other)), a_variant((LIGHT, other)))[0].asked == (
        "public.orders.tenant: a value held by 50 % of the rows"
    )


def generic(found: PlansByValue) -> str:
    return view_value_plans(replace(an_advice(), plans_by_value=(found,)))[0].generic


def test_says_what_a_prepared_statement_does() -> None:
    [found] = an_advice().plans_by_value
    other = replace(found, variants=found.variants[1:], generic_nodes=("Seq Scan on orders",))

    assert generic(found) == (
        "A prepared statement goes on with one plan for every value after five executions"
        " (Index Scan using orders_customer on orders), of cost 8.50."
    )
    assert generic(other).endswith(" (Seq Scan on orders), of cost 8.50.")
    assert generic(replace(found, keeps_generic=False)) == (
        "A prepared statement is planned for each value."
    )
    assert generic(replace(found, keeps_generic=None)) == ""


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_shows_ten_statements_and_counts_the_others(name: ReportFormat) -> None:
    found = an_advice().plans_by_value

    report = render(replace(an_advice(), plans_by_value=found * 13), name)

    assert report.count("Index Scan using orders_customer on orders") >= 10
    assert "3 more statements" in report
