"""What a snapshot alone tells of other statistics, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.schema import (
    Constraint,
    ConstraintKind,
    ExtendedStatistics,
    Index,
    RelationKind,
)
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import a_column, a_snapshot, a_table, an_index, column_statistics
from pgadvisor.whatif.statistics import (
    CreateStatistics,
    DropStatistics,
    NotSimulated,
    SetStatisticsTarget,
    StatisticsChange,
    StatisticsKind,
    change_statistics,
)

CUSTOMERS = a_table("customers", "id integer not null", "tenant integer not null", rows=5_000)
ORDERS = a_table(
    "orders",
    "id integer not null",
    "tenant integer not null",
    "customer integer not null",
    "at timestamptz",
    a_column("day date", default_sql="(at)::date", generated="s"),
    "note text",
    rows=100_000,
)
FOREIGN_KEY = Constraint(
    oid=900,
    name="orders_customer",
    kind=ConstraintKind.FOREIGN_KEY,
    table_oid=ORDERS.oid,
    columns=("tenant", "customer"),
    definition="FOREIGN KEY (tenant, customer) REFERENCES customers(tenant, id)",
    referenced_table_oid=CUSTOMERS.oid,
    referenced_columns=("tenant", "id"),
)
EXISTING = ExtendedStatistics(
    oid=77,
    schema="public",
    name="orders_tenant_customer_stat",
    table_oid=ORDERS.oid,
    columns=("tenant", "note"),
    kinds=("m",),
    definition="CREATE STATISTICS orders_tenant_customer_stat (mcv) ON tenant, note FROM orders",
)


def unique(table: Any, *columns: str, **fields: Any) -> Index:  # noqa: ANN401
    return replace(an_index(table, *columns, is_unique=True), **fields)


def shop(*parts: Any) -> Snapshot:  # noqa: ANN401
    return a_snapshot(
        CUSTOMERS,
        ORDERS,
        column_statistics(ORDERS, "customer", n_distinct=4_000),
        column_statistics(ORDERS, "tenant", n_distinct=50),
        column_statistics(ORDERS, "at", n_distinct=-0.5, null_ratio=0.1),
        column_statistics(ORDERS, "note", n_distinct=7, histogram_bounds=tuple("abcdefghi")),
        *parts,
    )


def create(*columns: str, kinds: str = "df") -> CreateStatistics:
    return CreateStatistics(
        table_oid=ORDERS.oid, columns=columns, kinds=tuple(map(StatisticsKind, kinds))
    )


def made(snapshot: Snapshot, change: StatisticsChange) -> ExtendedStatistics:
    outcome = change_statistics(snapshot, change)
    assert isinstance(outcome, Snapshot), outcome
    return outcome.extended_statistics[-1]


def reason(snapshot: Snapshot, change: StatisticsChange) -> str:
    outcome = change_statistics(snapshot, change)
    assert isinstance(outcome, NotSimulated)
    assert outcome.change == change
    return outcome.reason


def test_a_foreign_key_of_two_columns_tells_that_one_determines_the_other() -> None:
    snapshot = shop(unique(CUSTOMERS, "id"), FOREIGN_KEY, EXISTING)

    statistics = made(snapshot, create("customer", "tenant"))

    assert statistics.columns == ("tenant", "customer")
    assert statistics.name == "orders_tenant_customer_stat1"
    assert statistics.oid == 78
    assert statistics.definition == (
        'CREATE STATISTICS "public"."orders_tenant_customer_stat1" (ndistinct, dependencies) '
        'ON "tenant", "customer" FROM "public"."orders"'
    )
    [values] = statistics.values
    assert values.n_distinct == '{"2, 3": 4000}'
    assert values.dependencies == '{"3 => 2": 1.000000}'
    assert not values.is_inherited


@pytest.mark.parametrize(
    ("key", "constraint"),
    [
        pytest.param(unique(CUSTOMERS, "tenant", "id"), FOREIGN_KEY, id="unique-by-both-alone"),
        pytest.param(
            unique(CUSTOMERS, "id", predicate="(id > 5)"), FOREIGN_KEY, id="partial-index"
        ),
        pytest.param(unique(CUSTOMERS, "id", is_valid=False), FOREIGN_KEY, id="invalid-index"),
        pytest.param(
            unique(CUSTOMERS, "id"), replace(FOREIGN_KEY, is_validated=False), id="not-validated"
        ),
        pytest.param(
            unique(CUSTOMERS, "id"),
            replace(FOREIGN_KEY, definition=f"{FOREIGN_KEY.definition} NOT ENFORCED"),
            id="not-enforced",
        ),
    ],
)
def test_a_foreign_key_tells_nothing_else(key: Index, constraint: Constraint) -> None:
    assert reason(shop(key, constraint), create("tenant", "customer", kinds="f")) == (
        "no constraint says how tenant and customer depend on each other"
    )


def test_a_foreign_key_is_not_asked_about_rows_with_nulls() -> None:
    columns = tuple(replace(column, is_not_null=False) for column in ORDERS.columns)
    snapshot = a_snapshot(
        CUSTOMERS,
        replace(ORDERS, columns=columns),
        column_statistics(ORDERS, "customer", n_distinct=4_000, null_ratio=0.1),
        unique(CUSTOMERS, "id"),
        FOREIGN_KEY,
    )

    assert reason(snapshot, create("tenant", "customer")).startswith("no constraint says how many")


def test_a_unique_index_tells_how_many_combinations_there_are() -> None:
    snapshot = shop(unique(ORDERS, "tenant", "id"))

    statistics = made(snapshot, create("tenant", "id", kinds="d"))

    assert statistics.values[0].n_distinct == '{"1, 2": 100000}'
    assert statistics.kinds == ("d",)


def test_a_key_determines_all_other_columns() -> None:
    [values] = made(shop(unique(ORDERS, "id")), create("note", "id")).values

    assert values.n_distinct == '{"1, 6": 100000}'
    assert values.dependencies == '{"1 => 6": 1.000000}'


def test_a_generated_column_is_determined_by_what_it_is_made_of() -> None:
    [values] = made(shop(), create("at", "day")).values

    assert values.n_distinct == '{"4, 5": 50001}'  # with NULL
    assert values.dependencies == '{"4 => 5": 1.000000}'


def test_groups_of_three_are_told_too() -> None:
    snapshot = shop(unique(ORDERS, "id"), unique(CUSTOMERS, "id"), FOREIGN_KEY)

    [values] = made(snapshot, create("id", "tenant", "customer")).values

    assert values.n_distinct == (
        '{"1, 2": 100000, "1, 3": 100000, "2, 3": 4000, "1, 2, 3": 100000}'
    )
    assert values.dependencies == (
        '{"1 => 2": 1.000000, "1 => 3": 1.000000, "3 => 2": 1.000000, '
        '"1, 3 => 2": 1.000000, "1, 2 => 3": 1.000000}'
    )


def test_rows_of_children_are_covered_by_no_key() -> None:
    child = a_table("orders_old", "id integer", rows=10, parent_oids=(ORDERS.oid,))
    snapshot = shop(child, unique(ORDERS, "id"))

    assert reason(snapshot, create("id", "note")) == (
        "no constraint covers the tables that inherit from it"
    )


def test_of_a_partitioned_table_all_rows_are_told_of() -> None:
    whole = replace(ORDERS, kind=RelationKind.PARTITIONED_TABLE, partition_key="HASH (id)")
    part = a_table("orders_1", "id integer", rows=10, parent_oids=(ORDERS.oid,), is_partition=True)
    snapshot = a_snapshot(CUSTOMERS, whole, part, unique(whole, "id"))

    [values] = made(snapshot, create("id", "note")).values

    assert values.is_inherited


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (create("tenant", "note"), "no constraint says how many combinations tenant and note have"),
        (create("tenant", "note", kinds="m"), "which combinations of values are common is known"),
        (create("tenant"), "statistics are kept on two to eight columns"),
        (create("tenant", "tenant"), "the columns are not different columns of the table"),
        (create("tenant", "gone"), "the columns are not different columns of the table"),
        (CreateStatistics(table_oid=1, columns=("a", "b")), "the snapshot has no such table"),
        (DropStatistics(statistics_oid=5), "the snapshot has no such statistics object"),
    ],
)
def test_says_why_a_change_is_not_simulated(change: StatisticsChange, expected: str) -> None:
    assert reason(shop(), change).startswith(expected)


def test_a_table_that_was_never_analysed_has_nothing_to_tell() -> None:
    snapshot = a_snapshot(replace(ORDERS, rows=-1), unique(ORDERS, "id"))

    assert reason(snapshot, create("id", "note")).startswith("the table was never analysed")


def test_statistics_that_are_dropped_are_gone() -> None:
    outcome = change_statistics(shop(EXISTING), DropStatistics(statistics_oid=EXISTING.oid))

    assert isinstance(outcome, Snapshot)
    assert outcome.extended_statistics == ()


def target(column: str, value: int) -> SetStatisticsTarget:
    return SetStatisticsTarget(table_oid=ORDERS.oid, column=column, target=value)


@pytest.mark.parametrize(
    ("value", "expected"), [(8, "abcdefghi"), (4, "acegi"), (3, "adfi"), (2, "aei"), (1, "ai")]
)
def test_a_lower_target_makes_the_histogram_coarser(value: int, expected: str) -> None:
    outcome = change_statistics(shop(), target("note", value))

    assert isinstance(outcome, Snapshot)
    [row] = [row for row in outcome.column_statistics if row.column == "note"]
    assert row.histogram_bounds == tuple(expected)
    assert row.n_distinct == 7


def test_a_list_of_all_values_does_not_grow() -> None:
    statuses = column_statistics(ORDERS, "note", most_common=[("a", 0.5), ("b", 0.5)], n_distinct=2)
    snapshot = a_snapshot(ORDERS, statuses)

    assert change_statistics(snapshot, target("note", 1_000)) == snapshot


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (target("note", 9), "the snapshot has no values beyond those that were sampled"),
        (target("note", 0), "ANALYZE passes a column of target 0 over"),
        (target("note", -1), "a target is a number from 1 to 10,000"),
        (target("gone", 5), "the snapshot has no statistics of the column"),
    ],
)
def test_says_why_a_target_is_not_simulated(change: StatisticsChange, expected: str) -> None:
    assert reason(shop(), change).startswith(expected)


def test_common_values_do_not_leave_their_list() -> None:
    statuses = column_statistics(ORDERS, "note", most_common=[("a", 0.5), ("b", 0.5)], n_distinct=2)

    assert reason(a_snapshot(ORDERS, statuses), target("note", 1)).startswith(
        "common values would leave their list"
    )


def test_common_combinations_depend_on_the_target_too() -> None:
    assert reason(shop(EXISTING), target("note", 4)) == (
        "the common combinations of statistics public.orders_tenant_customer_stat would change"
    )


def test_elements_depend_on_the_target_too() -> None:
    tags = column_statistics(ORDERS, "note", n_distinct=-1.0, most_common_elements=("a",))

    assert reason(a_snapshot(ORDERS, tags), target("note", 4)).startswith("the statistics of elem")
