"""Btrees: which columns, and in which order."""

from __future__ import annotations

import pytest

from pgadvisor.testing import an_index
from tests.propose.jobs import JOBS, KEYS, candidates, proposed


def keys(statement: str | tuple[str, ...]) -> list[str]:
    return proposed(statement, kinds=KEYS)


@pytest.mark.parametrize(
    ("condition", "first"),
    [
        ("status = $1 ORDER BY created_at", "(status, created_at)"),
        ("status = $1 AND created_at > $2", "(status, created_at)"),
        ("created_at > $1 AND status = $2", "(status, created_at)"),
        ("status = $1 AND tenant_id = $2", "(status, tenant_id)"),
        ("deleted_at IS NULL AND created_at > $1", "(deleted_at, created_at)"),
        ("tenant_id = $1 GROUP BY status", "(tenant_id, status)"),
        ("true ORDER BY created_at DESC LIMIT 5", "(created_at)"),
        ("true ORDER BY tenant_id, created_at DESC", "(tenant_id, created_at DESC)"),
        ("true ORDER BY tenant_id NULLS FIRST", "(tenant_id NULLS FIRST)"),
        ("true ORDER BY created_at DESC NULLS LAST", "(created_at NULLS FIRST)"),
        ("status = 'x' ORDER BY status, created_at", "(status, created_at)"),
        ("(created_at, id) > ($1, $2)", "(created_at, id)"),
        ("status IN ('a', 'b') ORDER BY created_at", "(created_at, status)"),
        ("bytewise LIKE 'abc%' AND tenant_id = $1", "(tenant_id, bytewise)"),
    ],
)
def test_puts_equality_first_and_then_the_order_or_a_range(condition: str, first: str) -> None:
    assert keys(f"SELECT 1 FROM jobs WHERE {condition}")[0] == first


def test_says_how_it_came_about() -> None:
    [first, *_] = candidates("SELECT 1 FROM jobs WHERE status = $1 ORDER BY created_at", kinds=KEYS)

    assert first.reason == "equality on status, order by created_at"
    assert first.statement_ids == ("s1",)


def test_a_range_never_comes_before_equality() -> None:
    found = keys("SELECT 1 FROM jobs WHERE created_at > $1 AND status = $2")

    assert found == ["(status, created_at)", "(status)", "(created_at)"]


def test_further_ranges_spare_reading_rows() -> None:
    found = keys("SELECT 1 FROM jobs WHERE created_at > $1 AND id < $2 AND owner_id < $3")

    assert {
        "(created_at, id, owner_id)",
        "(created_at, owner_id, id)",
        "(id, created_at, owner_id)",
        "(owner_id, created_at, id)",
        "(owner_id)",
    } <= set(found)


def test_a_list_of_values_comes_before_the_order_and_behind_it() -> None:
    found = keys("SELECT 1 FROM jobs WHERE status IN ('a', 'b') ORDER BY created_at")

    assert found[:3] == ["(created_at, status)", "(created_at)", "(status, created_at)"]


def test_joins_are_served_from_both_sides() -> None:
    text = """
        SELECT 1 FROM jobs j JOIN tenants t ON t.id = j.tenant_id
        WHERE j.status = $1 AND t.region = $2
    """

    assert {"(tenant_id, status)", "(status, tenant_id)", "(tenant_id)", "(status)"} == set(
        keys(text)
    )
    assert set(proposed(text, table="tenants", kinds=KEYS)) == {
        "(id, region)",
        "(region, id)",
        "(id)",
        "(region)",
    }


def test_columns_that_are_joined_with_one_table_come_together() -> None:
    text = "SELECT 1 FROM jobs j, tenants t WHERE t.id = j.tenant_id AND t.region = j.owner_id"

    assert "(owner_id, tenant_id)" in keys(text)


def test_a_join_by_another_operator_is_a_range() -> None:
    text = "SELECT 1 FROM jobs j, tenants t WHERE j.id >= t.id AND j.status = $1"

    assert "(status, id)" in keys(text)


def test_takes_the_extremes_of_columns() -> None:
    found = keys("SELECT min(created_at), max(id) FROM jobs WHERE tenant_id = $1")

    assert {"(tenant_id, created_at)", "(tenant_id, id)"} <= set(found)


def test_distinct_rows_come_in_the_order_of_an_index() -> None:
    assert keys("SELECT DISTINCT tenant_id, status FROM jobs")[0] == "(tenant_id, status)"


def test_columns_that_more_statements_share_come_first() -> None:
    both = "SELECT 1 FROM jobs WHERE status = $1 AND tenant_id = $2"
    one = "SELECT 1 FROM jobs WHERE tenant_id = $1"

    assert keys((both, one))[0] == "(tenant_id, status)"


def test_another_order_of_equal_columns_is_tried_where_its_beginning_is_shared() -> None:
    both = "SELECT 1 FROM jobs WHERE status = $1 AND tenant_id = $2"
    each = ("SELECT 1 FROM jobs WHERE status = $1", "SELECT 1 FROM jobs WHERE tenant_id = $1")

    assert "(tenant_id, status)" not in keys(both)
    assert "(tenant_id, status)" in keys((both, *each))
    led = an_index(JOBS, "tenant_id", "name")
    assert "(tenant_id, status)" in proposed(both, led, kinds=KEYS)


def test_each_column_below_an_or_has_an_index_of_its_own() -> None:
    assert keys("SELECT 1 FROM jobs WHERE tenant_id = $1 OR status = $2") == [
        "(tenant_id)",
        "(status)",
    ]


def test_arms_of_an_or_that_compare_the_same_columns_share_an_index() -> None:
    found = keys(
        "SELECT 1 FROM jobs WHERE (tenant_id = 1 AND status = 'a') "
        "OR (tenant_id = 2 AND status = 'b')"
    )

    assert {"(tenant_id, status)", "(status, tenant_id)"} <= set(found)


def test_no_more_keys_than_are_wanted() -> None:
    text = "SELECT 1 FROM jobs WHERE id = $1 AND tenant_id = $2 AND owner_id = $3 AND name = $4"

    assert keys(f"{text} AND status = $5")[0] == "(id, name, owner_id, status)"
    assert proposed(text, kinds=KEYS, max_keys=2)[0] == "(id, name)"


@pytest.mark.parametrize(
    "condition",
    [
        "status <> 'done'",
        "name LIKE '%abc'",
        "name LIKE $1",
        "place = point '(1,1)'",
        "document @> $1",
        "id + 1 = 5",
    ],
)
def test_a_condition_that_no_btree_over_the_column_serves_gives_none(condition: str) -> None:
    assert keys(f"SELECT 1 FROM jobs WHERE {condition}") == []
