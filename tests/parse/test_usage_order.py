"""Usage: ORDER BY, GROUP BY, DISTINCT and LIMIT."""

from __future__ import annotations

import pytest

from tests.parse.describe import order, reads, relation


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("created_at", "created_at"),
        ("created_at DESC, id", "created_at desc, id"),
        ("created_at DESC NULLS LAST", "created_at desc nulls other"),
        ("created_at NULLS FIRST", "created_at nulls other"),
        ("created_at ASC NULLS LAST", "created_at"),
        ("2 DESC", "status desc"),
        ("key", "total"),
        ("orders.id", "id"),
        ("created_at, lower(status)", "created_at, ..."),
        ("lower(status), created_at", ""),
        ("created_at USING <", ""),
        ("3", "total"),
    ],
)
def test_reads_the_order(clause: str, expected: str) -> None:
    text = f"SELECT id, status, total AS key FROM orders ORDER BY {clause}"

    assert order(text, "orders") == expected


def test_an_order_over_two_relations_belongs_to_the_first() -> None:
    text = "SELECT 1 FROM users u, orders o ORDER BY o.created_at, o.id, u.id"

    assert order(text, "o") == "created_at, id, ..."
    assert order(text, "u") == ""
    assert reads(text, "u") == ("id",)


def test_sort_keys_are_not_read_otherwise() -> None:
    assert reads("SELECT id FROM orders ORDER BY created_at", "orders") == ("id",)


def test_the_order_of_a_union_of_all_rows_is_that_of_each_branch() -> None:
    text = "SELECT id FROM users UNION ALL SELECT user_id FROM orders ORDER BY 1 LIMIT 3"

    assert order(text, "users") == "id"
    assert order(text, "orders") == "user_id"
    assert relation(text, "orders").limit_count == 3


def test_a_union_of_distinct_rows_has_no_order_to_serve() -> None:
    text = "SELECT id FROM users UNION SELECT user_id FROM orders ORDER BY id LIMIT 3"

    assert order(text, "users") == ""
    assert not relation(text, "users").has_limit


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT status, count(*) FROM orders GROUP BY status", ("status",)),
        ("SELECT status, count(*) FROM orders GROUP BY 1", ("status",)),
        ("SELECT status AS s, user_id FROM orders GROUP BY s, user_id", ("status", "user_id")),
        ("SELECT lower(status) AS status FROM orders GROUP BY status", ("status",)),
        ("SELECT DISTINCT status, user_id FROM orders", ("status", "user_id")),
        ("SELECT DISTINCT ON (user_id) status FROM orders", ("user_id",)),
        ("SELECT lower(status) FROM orders GROUP BY lower(status)", ()),
        ("SELECT status FROM orders GROUP BY ROLLUP (status)", ()),
        ("SELECT 1 FROM (SELECT status AS s FROM orders) x GROUP BY s", ("status",)),
    ],
)
def test_reads_the_grouping(query: str, expected: tuple[str, ...]) -> None:
    assert relation(query, "orders").group_columns == expected


def test_an_index_may_give_the_order_of_the_groups() -> None:
    text = "SELECT status, count(*) FROM orders GROUP BY status ORDER BY status LIMIT 5"

    assert order(text, "orders") == "status"
    assert not relation(text, "orders").has_limit


def test_an_order_by_an_aggregate_is_none() -> None:
    assert order("SELECT status, count(*) FROM orders GROUP BY 1 ORDER BY 2", "orders") == ""


@pytest.mark.parametrize(
    ("clause", "has_limit", "count", "has_offset"),
    [
        ("LIMIT 10", True, 10, False),
        ("LIMIT $1", True, None, False),
        ("LIMIT 10 OFFSET 20", True, 10, True),
        ("LIMIT 10 OFFSET 0", True, 10, False),
        ("OFFSET $1", False, None, True),
        ("FETCH FIRST 5 ROWS ONLY", True, 5, False),
        ("LIMIT ALL", False, None, False),
    ],
)
def test_reads_limit_and_offset(
    *, clause: str, has_limit: bool, count: int | None, has_offset: bool
) -> None:
    found = relation(f"SELECT id FROM orders {clause}", "orders")

    assert (found.has_limit, found.limit_count, found.has_offset) == (has_limit, count, has_offset)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM orders LIMIT 1",
        "SELECT status FROM orders GROUP BY status LIMIT 1",
        "SELECT DISTINCT status FROM orders LIMIT 1",
        "SELECT row_number() OVER (ORDER BY id) FROM orders LIMIT 1",
    ],
)
def test_a_limit_above_an_aggregation_stops_no_reading(query: str) -> None:
    assert not relation(query, "orders").has_limit


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("max(created_at)", "created_at desc nulls other"),
        ("min(created_at)", "created_at"),
        ("max(created_at), min(id)", ""),
        ("max(lower(status))", ""),
        ("sum(total)", ""),
    ],
)
def test_an_extreme_is_the_first_row_of_an_order(select: str, expected: str) -> None:
    text = f"SELECT {select} FROM orders WHERE user_id = $1"

    assert order(text, "orders") == expected
    assert relation(text, "orders").has_limit is bool(expected)
