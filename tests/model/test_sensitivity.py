"""Classes of values in words, and what follows from plans by value."""

from __future__ import annotations

import pytest

from pgadvisor.model.sensitivity import (
    AskedColumns,
    ClassCost,
    PlansByValue,
    PlanVariant,
    ValueClass,
    ValueKind,
)

TENANT = AskedColumns(table="public.orders", columns=("tenant_id",))
PLACE = AskedColumns(table="public.orders", columns=("city", "zip"))


def a_class(kind: ValueKind, low: float, high: float, count: float = 1.0) -> ValueClass:
    return ValueClass(asked=TENANT, kind=kind, low_ratio=low, high_ratio=high, value_count=count)


def test_names_columns_with_their_table_or_without() -> None:
    assert (TENANT.short_name, TENANT.name) == ("tenant_id", "public.orders.tenant_id")
    assert (PLACE.short_name, PLACE.name) == ("(city, zip)", "public.orders.(city, zip)")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (a_class(ValueKind.VALUE, 0.12, 0.12), "a value held by 12 % of the rows"),
        (
            a_class(ValueKind.VALUE, 0.00001, 0.00001, 5000),
            "one of 5,000 values held by fewer than 0.01 % of the rows each",
        ),
        (
            a_class(ValueKind.VALUE, 0.01, 0.03, 8),
            "one of 8 values held by 1 to 3 % of the rows each",
        ),
        (
            a_class(ValueKind.VALUE, 0.00001, 0.03, 8),
            "one of 8 values held by up to 3 % of the rows each",
        ),
        (a_class(ValueKind.RANGE, 0.01, 0.01), "a range that covers 1 % of the rows"),
        (a_class(ValueKind.RANGE, 0.01, 0.1), "a range that covers 1 to 10 % of the rows"),
        (
            a_class(ValueKind.EXCLUSION, 0.9, 0.9),
            "all but a value held by 90 % of the rows",
        ),
        (a_class(ValueKind.NULL, 0.3, 0.3), "NULL, as 30 % of the rows"),
        (a_class(ValueKind.UNKNOWN, 0.3, 0.3), "one of the other values"),
        (
            ValueClass(
                asked=TENANT, kind=ValueKind.LIST, low_ratio=0.2, high_ratio=0.2, list_length=3
            ),
            "3 values, the most common one held by 20 % of the rows",
        ),
        (
            ValueClass(asked=PLACE, kind=ValueKind.VALUE, low_ratio=0.2, high_ratio=0.2),
            "a combination held by 20 % of the rows",
        ),
        (
            ValueClass(
                asked=TENANT,
                kind=ValueKind.VALUE,
                low_ratio=1e-6,
                high_ratio=1e-6,
                value_count=1e6,
                rows=1.0,
            ),
            "one of 1,000,000 values held by a single row each",
        ),
    ],
)
def test_puts_a_class_into_words(one: ValueClass, words: str) -> None:
    assert one.words == words


def variant(*members: tuple[float, float]) -> PlanVariant:
    costs = tuple(
        ClassCost(classes=(), weight=weight, cost=cost, values=((1, "'x'"),))
        for weight, cost in members
    )
    return PlanVariant(nodes=("Seq Scan on orders",), members=costs)


def test_weighs_costs_by_calls() -> None:
    found = PlansByValue(
        statement_id="1",
        variants=(variant((0.5, 10.0), (0.3, 20.0)), variant((0.2, 1_000.0))),
        generic_cost=None,
    )

    assert found.variants[0].weight == pytest.approx(0.8)
    assert found.variants[0].mean_cost == pytest.approx(13.75)
    assert found.mean_cost == pytest.approx(211.0)


def test_has_a_mean_where_nobody_calls() -> None:
    found = PlansByValue(
        statement_id="1", variants=(variant((0.0, 10.0), (0.0, 20.0)),), generic_cost=None
    )

    assert found.variants[0].mean_cost == pytest.approx(15.0)
    assert found.mean_cost == pytest.approx(0.0)


def test_lets_go_of_values() -> None:
    found = PlansByValue(statement_id="1", variants=(variant((1.0, 1.0)),), generic_cost=None)

    assert "'x'" in str(found)
    assert "'x'" not in str(found.without_literals())
