"""Usage: INSERT, UPDATE, DELETE and MERGE."""

from __future__ import annotations

import pytest

from pgadvisor.model.usage import StatementKind
from tests.parse.describe import conditions, reads, relation, usage


def test_an_insert_of_values_reads_nothing() -> None:
    found = usage("INSERT INTO orders (id, status) VALUES ($1, $2), ($3, DEFAULT) RETURNING id")

    assert found.kind is StatementKind.INSERT
    assert found.parameter_count == 3
    [target] = found.relations
    assert target.is_write_target
    assert not target.reads_whole_row
    assert target.output_columns == ("id",)


def test_an_insert_of_a_query_reads_its_tables() -> None:
    text = "INSERT INTO orders (user_id) SELECT id FROM users WHERE active"

    assert conditions(text) == ["users: active equality = true"]
    assert relation(text, "orders").is_write_target
    assert not relation(text, "users").is_write_target


def test_on_conflict_sets_columns_and_looks_nothing_up() -> None:
    text = (
        "INSERT INTO orders (id, status) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE "
        "SET status = excluded.status, total = orders.total + 1 WHERE orders.user_id = 5"
    )
    found = usage(text)

    assert found.set_columns == ("status", "total")
    assert found.unresolved == ()
    assert conditions(text) == []
    assert reads(text, "orders") == ("total", "user_id")


def test_an_update_finds_its_rows_by_its_conditions() -> None:
    text = (
        "UPDATE orders o SET status = 'done', total = total + $1 FROM users u "
        "WHERE u.id = o.user_id AND u.email = $2"
    )
    found = usage(text)

    assert found.kind is StatementKind.UPDATE
    assert found.set_columns == ("status", "total")
    assert conditions(text) == [
        "o: user_id = u.id",
        "u: email equality = $2",
        "u: id = o.user_id",
    ]
    assert reads(text, "o") == ("total",)
    assert relation(text, "o").is_write_target
    assert relation(text, "o").reads_whole_row


def test_an_update_of_several_columns_at_once_reads_its_query_once() -> None:
    text = "UPDATE orders SET (status, total) = (SELECT email, id FROM users WHERE id = user_id)"
    found = usage(text)

    assert found.set_columns == ("status", "total")
    assert [each.alias for each in found.relations] == ["orders", "users"]
    assert conditions(text) == ["users: id = orders.user_id"]


def test_a_claim_from_a_queue_locks_the_row_it_picks() -> None:
    text = (
        "UPDATE orders SET status = 'taken' WHERE id = (SELECT id FROM orders AS q WHERE "
        "status = 'open' ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    )
    picked = relation(text, "q")

    assert conditions(text) == ["orders: id equality =", "q: status equality = 'open'"]
    assert (picked.lock_strength, picked.lock_wait, picked.limit_count) == ("update", "skip", 1)
    assert not picked.is_write_target


def test_a_delete_joins_what_it_uses() -> None:
    text = "DELETE FROM orders USING users WHERE users.id = orders.user_id AND NOT users.active"

    assert conditions(text) == [
        "orders: user_id = users.id",
        "users: active equality = false",
        "users: id = orders.user_id",
    ]


def test_a_delete_at_a_cursor_has_no_conditions() -> None:
    found = usage("DELETE FROM orders WHERE CURRENT OF c")

    assert [each.predicates for each in found.relations] == [()]


def test_a_merge_joins_its_target_with_its_source() -> None:
    text = (
        "MERGE INTO orders o USING items i ON o.id = i.order_id "
        "WHEN MATCHED AND i.qty = 0 THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET status = i.sku "
        "WHEN NOT MATCHED THEN INSERT (id) VALUES (i.order_id)"
    )
    found = usage(text)

    assert found.kind is StatementKind.MERGE
    assert found.set_columns == ("status",)
    assert conditions(text) == ["o: id = i.order_id", "i: order_id = o.id"]
    assert reads(text, "i") == ("qty", "sku", "order_id")


def test_a_change_inside_with_counts() -> None:
    text = (
        "WITH gone AS (DELETE FROM orders WHERE status = 'x' RETURNING id, user_id), "
        "unread AS (UPDATE users SET active = false WHERE id = 5) "
        "INSERT INTO items (order_id) SELECT id FROM gone"
    )
    found = usage(text)

    assert found.kind is StatementKind.INSERT
    assert found.set_columns == ("active",)
    assert [each.alias for each in found.relations if each.is_write_target] == [
        "orders",
        "users",
        "items",
    ]
    assert conditions(text) == ["orders: status equality = 'x'", "users: id equality = 5"]


def test_a_target_is_never_a_cte_of_its_name() -> None:
    text = "WITH orders AS (SELECT 1 AS id) DELETE FROM orders WHERE id = 5"

    assert conditions(text) == ["orders: id equality = 5"]


def test_a_view_that_is_written_to_stands_for_its_table() -> None:
    text = "UPDATE open_orders SET user_id = 1 WHERE id = 5"

    assert conditions(text) == ["o: status equality = 'open'::text", "o: id equality = 5"]
    assert relation(text, "o").is_write_target


def test_other_statements_have_no_relations() -> None:
    found = usage("CREATE INDEX ON orders (status)")

    assert found.kind is StatementKind.UTILITY
    assert found.relations == ()
    assert found.unresolved == ()


def test_notes_what_on_conflict_goes_by() -> None:
    text = "INSERT INTO users (id) VALUES ($1) ON CONFLICT (email, lower(name)) DO NOTHING"
    [target] = usage(text).conflict_targets

    assert target.table_oid == relation(text, "users").table_oid
    assert target.columns == ("email",)
    assert target.expression_count == 1


@pytest.mark.parametrize(
    "clause", ["", "ON CONFLICT DO NOTHING", "ON CONFLICT ON CONSTRAINT c DO NOTHING"]
)
def test_notes_no_arbiter_where_none_is_inferred(clause: str) -> None:
    assert usage(f"INSERT INTO users (id) VALUES ($1) {clause}").conflict_targets == ()
