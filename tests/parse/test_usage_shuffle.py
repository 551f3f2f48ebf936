"""Usage: which relations are put into a random order."""

from __future__ import annotations

import pytest

from tests.parse.describe import usage


def shuffled(text: str) -> list[str]:
    return [each.alias for each in usage(text).relations if each.is_shuffled]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM orders ORDER BY random() LIMIT 5",
        "SELECT id FROM orders ORDER BY RANDOM(), id",
        "SELECT id FROM orders ORDER BY pg_catalog.random()",
        "SELECT id, random() AS r FROM orders ORDER BY r DESC",
        "SELECT id, random() FROM orders ORDER BY 2",
        "SELECT random FROM (SELECT random(), id FROM orders ORDER BY random) s",
        "DELETE FROM users WHERE id IN (SELECT user_id FROM orders ORDER BY random() LIMIT 5)",
    ],
)
def test_sees_a_random_order(text: str) -> None:
    assert shuffled(text) == ["orders"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM orders ORDER BY id, random()",
        "SELECT id FROM orders WHERE random() < 0.1 ORDER BY id",
        "SELECT random() FROM orders",
        "SELECT id FROM orders ORDER BY 9",
        "SELECT status, count(*) FROM orders GROUP BY status ORDER BY random()",
    ],
)
def test_sees_none(text: str) -> None:
    assert shuffled(text) == []


def test_a_join_is_sorted_as_a_whole() -> None:
    text = "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id ORDER BY random()"

    assert shuffled(text) == ["u", "o"]
