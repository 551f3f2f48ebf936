"""Usage: the columns of an OR whose arms look for values of different ones."""

from __future__ import annotations

import pytest

from tests.parse.describe import relation, usage


def alternatives(condition: str) -> list[str]:
    found = relation(f"SELECT 1 FROM orders WHERE {condition}", "orders")
    return [", ".join(columns) for columns in found.alternatives]


@pytest.mark.parametrize(
    "condition",
    [
        "user_id = 1 OR status = 'a'",
        "user_id = $1 OR $2 = status",
        "id > 5 AND (user_id = $1 OR status = $2)",
        "user_id IN (1, 2) OR status = ANY ($1)",
        "(user_id = $1 AND id > 5) OR (status = $2 AND total > 1)",
        "(id = $3 AND user_id = $1) OR (id = $3 AND status = $2)",
        "user_id = $1 OR status = $2 OR user_id = $3",
        "user_id = $1::integer OR status = $2",
    ],
)
def test_sees_alternatives(condition: str) -> None:
    assert alternatives(condition) == ["user_id, status"]


@pytest.mark.parametrize(
    "condition",
    [
        "user_id = 1 AND status = 'a'",
        "user_id = 1 OR user_id = 2",
        "user_id = 1 OR status > 'a'",
        "user_id = 1 OR status IS NULL",
        "user_id = 1 OR status = lower(tags[1])",
        "user_id = 1 OR lower(status) = 'a'",
        "user_id = 1 OR $1 IS NULL",
        "NOT (user_id = 1 OR status = 'a')",
        "id > 5 OR (total > 1 AND (user_id = 1 OR status = 'a'))",
        "user_id <> 1 OR status <> 'a'",
        "user_id NOT IN (1) OR status = 'a'",
        "user_id = ALL ($1) OR status = 'a'",
        "user_id = 1 OR EXISTS (SELECT 1 FROM items WHERE order_id = 5)",
        "user_id = 1 OR unknown = 2",
    ],
)
def test_sees_none(condition: str) -> None:
    assert alternatives(condition) == []


def test_columns_of_two_tables_are_no_alternatives_of_either() -> None:
    text = """
        SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id
        WHERE u.email = $1 OR o.status = $2
    """

    assert [each.alternatives for each in usage(text).relations] == [(), ()]


def test_an_outer_query_gains_nothing_by_its_subquery() -> None:
    text = """
        SELECT 1 FROM users u WHERE EXISTS (
            SELECT 1 FROM orders o WHERE u.email = $1 OR u.name = $2)
    """

    assert [each.alternatives for each in usage(text).relations] == [(), ()]


def test_the_kept_side_of_an_outer_join_is_not_narrowed_down() -> None:
    text = """
        SELECT 1 FROM users u LEFT JOIN orders o
        ON o.user_id = u.id AND (u.email = $1 OR u.name = $2)
    """

    assert [each.alternatives for each in usage(text).relations] == [(), ()]
