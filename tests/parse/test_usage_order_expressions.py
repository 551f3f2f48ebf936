"""Usage: orders and groups that are expressions, distances, and extremes."""

from __future__ import annotations

import pytest

from pgadvisor.model.usage import NearestKey, OrderKey
from tests.parse.describe import order, relation


def written(keys: tuple[OrderKey, ...]) -> list[str]:
    return [f"{key.expression or key.column}{' desc' * key.is_descending}" for key in keys]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("lower(status)", ["lower(status)"]),
        ("user_id, lower(o.status) DESC", ["user_id", "lower(status) desc"]),
        ("2", ["total * 2"]),
        ("double", ["total * 2"]),
        ("created_at", []),
        ("lower(status) USING <", []),
        ("lower(status), u.name", []),
        ("lower(status || u.name)", []),
        ("date_trunc($1, created_at)", []),
        ("(SELECT max(id) FROM items i WHERE i.order_id = o.id)", []),
    ],
)
def test_reads_an_order_with_an_expression_in_it(clause: str, expected: list[str]) -> None:
    text = f"SELECT o.id, total * 2 AS double FROM orders o, users u ORDER BY {clause} LIMIT 5"

    assert written(relation(text, "o").expression_order) == expected


def test_an_order_with_an_expression_leaves_the_plain_keys_before_it_as_they_were() -> None:
    assert order("SELECT 1 FROM orders ORDER BY id, lower(status)", "orders") == "id, ..."


@pytest.mark.parametrize(
    "query",
    [
        "SELECT lower(status), count(*) FROM orders GROUP BY 1 ORDER BY lower(status)",
        "SELECT lower(s) FROM orders AS orders (a, b, s) ORDER BY lower(s)",
        "SELECT 1 FROM (SELECT status AS s FROM orders) x ORDER BY lower(s)",
        "SELECT 1 FROM (SELECT status FROM orders LIMIT 5) x ORDER BY lower(status)",
    ],
    ids=["of-groups", "of-a-renamed-column", "of-a-renaming-subquery", "behind-a-limit"],
)
def test_an_order_that_no_index_on_the_table_gives_is_none(query: str) -> None:
    assert relation(query, "orders").expression_order == ()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT lower(status), count(*) FROM orders GROUP BY 1", ["lower(status)"]),
        (
            "SELECT 1 FROM orders GROUP BY user_id, date(created_at)",
            ["user_id", "date(created_at)"],
        ),
        ("SELECT DISTINCT lower(status) FROM orders", ["lower(status)"]),
        ("SELECT status, count(*) FROM orders GROUP BY status", []),
        ("SELECT 1 FROM orders GROUP BY date_trunc($1, created_at)", []),
    ],
)
def test_reads_groups_by_an_expression(query: str, expected: list[str]) -> None:
    assert written(relation(query, "orders").group_expressions) == expected


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("data <-> $1", NearestKey(column="data", operator="<->")),
        ("'(0,0)'::point <-> data", NearestKey(column="data", operator="<->")),
        ("data <-> $1, id", NearestKey(column="data", operator="<->")),
        ("data <-> u.name", None),
        ("data <-> $1 DESC", None),
        ("id, data <-> $1", None),
        ("data - $1", None),
        ("1 - (data <=> $1) DESC", NearestKey(column="data", operator="<=>", is_wrapped=True)),
        ("$2 - (data <=> $1) DESC", NearestKey(column="data", operator="<=>", is_wrapped=True)),
        ("-(data <#> $1) DESC", NearestKey(column="data", operator="<#>", is_wrapped=True)),
        ("(data <#> $1) * -1 DESC", NearestKey(column="data", operator="<#>", is_wrapped=True)),
        ("-1.0 * (data <#> $1) DESC", NearestKey(column="data", operator="<#>", is_wrapped=True)),
        ("1 - (data <=> $1)", None),
        ("1 + (data <=> $1) DESC", None),
        ("2 * (data <=> $1) DESC", None),
        ("u.id - (data <=> $1) DESC", None),
    ],
)
def test_reads_an_order_by_distance(clause: str, expected: NearestKey | None) -> None:
    text = f"SELECT o.id FROM orders o, users u ORDER BY {clause} LIMIT 5"

    assert relation(text, "o").nearest == expected


def test_reads_an_order_by_the_name_of_a_similarity() -> None:
    text = "SELECT 1 - (data <=> $1) AS similarity FROM orders ORDER BY similarity DESC LIMIT 5"

    assert relation(text, "orders").nearest == NearestKey(
        column="data", operator="<=>", is_wrapped=True
    )


def test_a_distance_is_no_expression_to_keep_in_an_index() -> None:
    text = "SELECT id FROM orders ORDER BY data <-> '(0,0)' LIMIT 5"

    assert relation(text, "orders").expression_order == ()


def test_the_nearest_row_to_another_query_s_row_is_searched_for_each_of_those() -> None:
    text = "SELECT (SELECT o.id FROM orders o ORDER BY o.data <-> u.name LIMIT 1) FROM users u"

    assert relation(text, "o").nearest == NearestKey(column="data", operator="<->")


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("max(created_at)", ("created_at",)),
        ("max(created_at), min(id)", ("created_at", "id")),
        ("max(created_at), count(*)", ()),
        ("max(created_at), status", ()),
    ],
)
def test_reads_the_columns_whose_extremes_are_asked_for(
    select: str, expected: tuple[str, ...]
) -> None:
    assert relation(f"SELECT {select} FROM orders", "orders").extreme_columns == expected


def test_extremes_of_groups_are_read_with_the_groups() -> None:
    text = "SELECT max(created_at) FROM orders GROUP BY status"

    assert relation(text, "orders").extreme_columns == ()
