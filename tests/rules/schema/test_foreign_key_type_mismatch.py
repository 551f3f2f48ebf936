"""foreign-key-type-mismatch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Constraint, IndexKey, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_foreign_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)

RULE = "foreign-key-type-mismatch"
ORDERS = a_table("orders", "id numeric not null", "placed_on date")
LINES = a_table("lines", "order_id bigint", "sku text")
KEY = a_foreign_key(LINES, "order_id", ORDERS)
DELETED = table_activity(ORDERS, rows_deleted=12_000)
JOIN = a_statement(
    "SELECT l.sku FROM orders o JOIN lines l ON l.order_id = o.id WHERE o.placed_on = $1"
)


def run(
    *objects: SnapshotPart, lines: Table = LINES, orders: Table = ORDERS, key: Constraint = KEY
) -> Outcome:
    return diagnose(RULE, a_snapshot(orders, lines, key, *objects))


def test_reports_a_column_that_is_cast_to_its_key() -> None:
    [finding] = run(DELETED).findings

    assert finding.key == "foreign-key-type-mismatch:public.lines.order_id"
    assert finding.summary == (
        "public.lines.order_id is bigint and refers to public.orders.id, which is numeric: "
        "no index on it serves the key"
    )
    assert finding.detail == (
        "12,000 rows were deleted from public.orders, each with a scan for rows that refer to it."
    )
    assert finding.severity is Severity.WARNING
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.title == "Give public.lines.order_id the type of its key"
    assert remedy.steps[1] == (
        '`ALTER TABLE "public"."lines" ALTER COLUMN "order_id" TYPE numeric` rewrites the table '
        'and its indexes, and blocks it meanwhile. The way back is `ALTER TABLE "public"."lines" '
        'ALTER COLUMN "order_id" TYPE bigint`.'
    )


def test_reports_a_key_by_which_statements_join() -> None:
    [finding] = run(JOIN).findings

    assert finding.detail == "1 statement joins the two by this key."
    assert finding.statement_ids == (JOIN.id,)


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("integer", "double precision"),
        ("numeric(10,2)", "double precision"),
        ("character(8)", "text"),
        ("text", "character(8)"),
        ("character varying(8)", "character(8)"),
        ("public.citext", "text"),
    ],
)
def test_knows_types_that_are_compared_by_a_cast(column: str, key: str) -> None:
    orders = a_table("orders", f"id {key}")
    lines = a_table("lines", f"order_id {column}")

    assert len(run(DELETED, orders=orders, lines=lines).findings) == 1


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("numeric", "numeric(10,2)"),
        ("integer", "bigint"),
        ("bigint", "smallint"),
        ("real", "double precision"),
        ("character varying(8)", "text"),
        ("text", "character varying(8)"),
        ("date", "timestamptz"),
        ("public.citext", "extensions.citext"),
        ("cidr", "inet"),
        ("numeric", "public.orderly"),
    ],
)
def test_leaves_alone_types_that_an_index_serves(column: str, key: str) -> None:
    orders = a_table("orders", f"id {key}")
    lines = a_table("lines", f"order_id {column}")

    assert run(DELETED, JOIN, orders=orders, lines=lines).is_clear


def test_looks_below_a_domain() -> None:
    same = a_column("order_id public.order_number", base_type_name="numeric", type_oid=99)
    other = replace(same, base_type_name="integer")

    assert run(DELETED, lines=a_table("lines", same)).is_clear
    assert len(run(DELETED, lines=a_table("lines", other)).findings) == 1


def test_leaves_alone_a_key_that_nobody_joins_or_deletes_by() -> None:
    assert run(table_activity(ORDERS, rows_updated=12_000)).is_clear


def test_one_delete_is_enough() -> None:
    assert len(run(replace(DELETED, rows_deleted=1)).findings) == 1
    assert run(replace(DELETED, rows_deleted=0)).is_clear


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "SELECT l.sku FROM orders o JOIN lines l ON l.order_id = o.id + 1", id="a-computed-key"
        ),
        pytest.param("SELECT sku FROM lines WHERE order_id = $1", id="no-join"),
        pytest.param(
            "SELECT a.sku FROM lines a JOIN lines b ON a.order_id = b.order_id", id="a-self-join"
        ),
    ],
)
def test_leaves_alone_statements_that_do_not_join_by_the_key(text: str) -> None:
    assert run(a_statement(text)).is_clear


@pytest.mark.parametrize(
    ("rows", "size_bytes", "count"),
    [
        (9_999, 8 * 2**20, 0),
        (10_000, 8 * 2**20, 1),
        (10_000, 8 * 2**20 - 8192, 0),
    ],
)
def test_leaves_alone_small_tables(rows: int, size_bytes: int, count: int) -> None:
    lines = replace(LINES, rows=float(rows), size_bytes=size_bytes, pages=size_bytes // 8192)

    assert len(run(DELETED, lines=lines).findings) == count


def test_leaves_alone_what_came_with_a_partitioned_parent() -> None:
    assert run(DELETED, key=replace(KEY, is_inherited=True)).is_clear


def test_leaves_alone_a_key_whose_table_is_not_in_the_snapshot() -> None:
    assert run(DELETED, key=replace(KEY, referenced_table_oid=1)).is_clear


def test_says_it_once_of_a_column_with_two_keys() -> None:
    assert len(run(DELETED, replace(KEY, oid=3, name="twice")).findings) == 1


def test_an_index_on_the_cast_serves() -> None:
    cast = IndexKey(column=None, expression="((order_id)::numeric)")
    other = IndexKey(column=None, expression="lower(sku)")

    assert run(DELETED, an_index(LINES, cast)).is_clear
    assert len(run(DELETED, an_index(LINES, other), an_index(LINES, "order_id")).findings) == 1


def test_a_join_of_text_with_character_casts_the_key() -> None:
    orders = a_table("orders", "id character(8)", "placed_on date")
    lines = a_table("lines", "order_id text", "sku text")

    assert run(JOIN, orders=orders, lines=lines).is_clear
    assert len(run(JOIN, DELETED, orders=orders, lines=lines).findings) == 1
