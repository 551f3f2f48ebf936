"""Usage: joins of all kinds, subqueries in conditions included."""

from __future__ import annotations

import pytest

from tests.parse.describe import conditions, reads, relation, usage

PAIR = ["u: id = o.user_id", "o: user_id = u.id"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM users u, orders o WHERE u.id = o.user_id",
        "SELECT 1 FROM users u JOIN orders o ON o.user_id = u.id",
        "SELECT 1 FROM users u LEFT JOIN orders o ON u.id = o.user_id",
        "SELECT 1 FROM (users u CROSS JOIN orders o) WHERE (u.id = o.user_id)",
        "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id)",
        "SELECT 1 FROM users u WHERE EXISTS (SELECT * FROM orders o WHERE user_id = u.id LIMIT 1)",
        "SELECT 1 FROM users u WHERE NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id)",
        "SELECT 1 FROM users u WHERE u.id IN (SELECT o.user_id FROM orders o)",
        "SELECT 1 FROM users u WHERE u.id = ANY (SELECT o.user_id FROM orders o)",
        "SELECT 1 FROM users u JOIN (SELECT user_id AS owner FROM orders o) x ON x.owner = u.id",
        "SELECT 1 FROM users u, LATERAL (SELECT 1 FROM orders o WHERE o.user_id = u.id) x",
    ],
)
def test_finds_the_two_sides_of_a_join(text: str) -> None:
    assert conditions(text) == PAIR


def test_tells_the_two_sides_of_a_self_join_apart() -> None:
    found = conditions("SELECT 1 FROM orders a JOIN orders b ON a.id = b.user_id")

    assert found == ["a: id = b.user_id", "b: user_id = a.id"]


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ("users JOIN orders USING (id)", ["users: id = orders.id", "orders: id = users.id"]),
        ("orders NATURAL JOIN items", ["orders: id = items.id", "items: id = orders.id"]),
        (
            "users JOIN orders USING (id) JOIN items USING (id)",
            [
                *("users: id = orders.id", "users: id = items.id"),
                *("orders: id = users.id", "items: id = users.id"),
            ],
        ),
    ],
)
def test_reads_columns_that_a_join_merges(join: str, expected: list[str]) -> None:
    assert conditions(f"SELECT 1 FROM {join}") == expected


def test_an_alias_of_a_join_hides_the_names_inside() -> None:
    found = usage(
        "SELECT 1 FROM (users u JOIN orders o ON true) AS j WHERE j.email = 'a' AND u.id = 1"
    )

    assert [each.alias for each in found.relations] == ["u", "o"]
    assert [each.column for each in found.relations[0].predicates] == ["email"]
    assert found.unresolved == ("u.id",)


def test_a_join_with_an_expression_serves_the_bare_side() -> None:
    found = conditions("SELECT 1 FROM users u JOIN orders o ON u.id = o.user_id + 1")

    assert found == ["u: id = o.?", "o: user_id in [user_id + 1] + ="]


def test_a_join_by_range_keeps_its_operator() -> None:
    found = conditions("SELECT 1 FROM users u JOIN orders o ON u.created_at < o.created_at")

    assert found == ["u: created_at < o.created_at", "o: created_at > u.created_at"]


def test_an_inequality_joins_nothing() -> None:
    text = "SELECT 1 FROM users u JOIN orders o ON u.id <> o.user_id"

    assert conditions(text) == []
    assert reads(text, "u") == ("id",)


def test_a_join_below_or_is_none() -> None:
    text = "SELECT 1 FROM users u, orders o WHERE u.id = o.user_id OR u.active"

    assert conditions(text) == ["u: active equality = true maybe"]
    assert reads(text, "o") == ("user_id",)


def test_on_narrows_only_the_side_that_may_be_missing() -> None:
    text = "SELECT 1 FROM users u LEFT JOIN orders o ON u.id = o.user_id AND u.active AND o.id = 1"

    assert conditions(text) == ["u: id = o.user_id", "o: id equality = 1", "o: user_id = u.id"]
    assert reads(text, "u") == ("active",)


def test_looking_for_rows_without_a_partner_narrows_nothing() -> None:
    text = "SELECT 1 FROM users u LEFT JOIN orders o ON u.id = o.user_id WHERE o.id IS NULL"

    assert conditions(text) == PAIR
    assert reads(text, "o") == ("id",)


def test_not_in_is_no_join() -> None:
    text = "SELECT 1 FROM users u WHERE u.id NOT IN (SELECT user_id FROM orders o)"

    assert conditions(text) == []
    assert reads(text, "u") == ("id",)
    assert reads(text, "o") == ("user_id",)


def test_in_with_a_row_joins_pairwise() -> None:
    text = "SELECT 1 FROM users u WHERE (id, email) IN (SELECT user_id, status FROM orders o)"

    assert conditions(text) == [
        *("u: id = o.user_id", "u: email = o.status"),
        *("o: user_id = u.id", "o: status = u.email"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (SELECT count(*) FROM orders o WHERE o.user_id = u.id) FROM users u",
        "SELECT 1 FROM users u WHERE 5 < (SELECT count(*) FROM orders o WHERE o.user_id = u.id)",
        "SELECT 1 FROM users u, LATERAL (SELECT * FROM orders o WHERE user_id = u.id LIMIT 1) x",
    ],
)
def test_a_subquery_that_runs_row_by_row_serves_the_inner_side_alone(text: str) -> None:
    assert conditions(text) == ["o: user_id = u.id"]
    assert reads(text, "u")[0] == "id"


def test_a_value_that_depends_on_the_row_outside_is_a_join() -> None:
    text = (
        "SELECT 1 FROM orders a WHERE id = (SELECT max(id) FROM orders b WHERE b.user_id = a.total)"
    )

    assert conditions(text) == ["b: user_id = a.total"]


def test_a_column_of_a_function_joins_with_something_unknown() -> None:
    text = "SELECT 1 FROM generate_series(1, 10) AS g(n) JOIN users u ON u.id = g.n"

    assert conditions(text) == ["u: id = ?.?"]
    assert usage(text).unresolved == ()


def test_an_array_of_another_table_is_looked_up_row_by_row() -> None:
    text = "SELECT 1 FROM users u, orders o WHERE u.email = ANY (o.tags)"

    assert conditions(text) == ["u: email = o.?"]


def test_a_long_chain_of_joins_is_read_to_its_end() -> None:
    chain = "".join(f" JOIN orders o{n} ON o{n}.id = u.id" for n in range(300))
    found = usage(f"SELECT 1 FROM users u{chain}")

    assert len(found.relations) == 301
    assert found.relations[300].joins[0].other_relation == 0


def test_correlation_reaches_over_two_levels() -> None:
    text = (
        "SELECT 1 FROM users u WHERE EXISTS (SELECT 1 FROM orders o WHERE EXISTS "
        "(SELECT 1 FROM items i WHERE i.order_id = o.id AND i.id = u.id))"
    )

    assert relation(text, "i").query_level == 2
    assert "i: id = u.id" in conditions(text)
    assert "i: order_id = o.id" in conditions(text)


def test_a_join_that_all_arms_of_an_or_have_is_a_join() -> None:
    text = """
        SELECT 1 FROM orders o, items i
        WHERE (o.id = i.order_id AND o.status = 'a') OR (o.id = i.order_id AND i.qty > 5)
    """

    assert conditions(text) == [
        "o: status equality = 'a' maybe",
        "o: id = i.order_id",
        "i: qty range > 5 maybe",
        "i: order_id = o.id",
    ]
