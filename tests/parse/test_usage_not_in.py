"""Usage: the columns whose NULLs leave a NOT IN without rows."""

from __future__ import annotations

import pytest

from tests.parse.describe import usage


def not_in(text: str) -> list[str]:
    """The subqueries' columns: ``alias.column``, what is compared, ``outer`` where it applies."""
    found = usage(text)
    return [
        " ".join(
            part
            for part in (
                f"{found.relations[each.relation].alias}.{each.column}",
                ".".join(each.tested or ()),
                "outer" * each.is_outer_joined,
            )
            if part
        )
        for each in found.not_in
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM users WHERE id NOT IN (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE NOT id IN (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE NOT (active OR id IN (SELECT user_id FROM orders))",
        "SELECT 1 FROM users WHERE id <> ALL (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE id != ALL (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE active OR id NOT IN (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE id NOT IN (SELECT s.u FROM (SELECT user_id u FROM orders) s)",
        "DELETE FROM users WHERE id NOT IN (SELECT user_id FROM orders)",
    ],
)
def test_sees_a_not_in(text: str) -> None:
    assert not_in(text) == ["orders.user_id users.id"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM users WHERE id IN (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE NOT (id NOT IN (SELECT user_id FROM orders))",
        "SELECT 1 FROM users WHERE id = ALL (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE id <> ANY (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE NOT id > ANY (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE NOT EXISTS (SELECT user_id FROM orders)",
        "SELECT 1 FROM users WHERE id NOT IN (1, 2)",
        "SELECT 1 FROM users WHERE id NOT IN (SELECT coalesce(user_id, 0) FROM orders)",
        "SELECT 1 FROM users WHERE id NOT IN (SELECT max(user_id) FROM orders)",
    ],
)
def test_sees_none(text: str) -> None:
    assert not_in(text) == []


def test_knows_a_column_that_an_outer_join_may_leave_empty() -> None:
    text = """
        SELECT 1 FROM users u WHERE u.id NOT IN (
            SELECT o.id FROM users v LEFT JOIN orders o ON o.user_id = v.id)
    """

    assert not_in(text) == ["o.id u.id outer"]


def test_takes_each_branch_of_a_union() -> None:
    text = """
        SELECT 1 FROM users u WHERE u.id NOT IN (
            SELECT user_id FROM orders UNION ALL SELECT order_id FROM items)
    """

    assert not_in(text) == ["orders.user_id u.id", "items.order_id u.id"]


def test_compares_rows_column_by_column() -> None:
    text = """
        SELECT 1 FROM users u WHERE (u.id, lower(u.name)) NOT IN (
            SELECT o.user_id, o.status FROM orders o)
    """

    assert not_in(text) == ["o.user_id u.id", "o.status"]
