"""unindexed-foreign-key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import CreateIndex, PartitionIndex
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Index, RelationKind
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    table_activity,
)

RULE = "unindexed-foreign-key"
CUSTOMERS = a_table("customers", "id bigint not null", "shop_id bigint not null", rows=50_000)
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint", "shop_id bigint")
KEY = a_foreign_key(ORDERS, "customer_id", CUSTOMERS)
DELETES = table_activity(CUSTOMERS, rows_deleted=7)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, CUSTOMERS, *objects))


def test_reports_a_key_whose_referenced_rows_are_deleted() -> None:
    busy = table_activity(ORDERS, rows_inserted=900, rows_updated=180, rows_hot_updated=90)

    [finding] = run(KEY, DELETES, busy).findings

    assert finding.key == "unindexed-foreign-key:public.orders.orders_customer_id_fkey"
    assert finding.summary == (
        "public.orders (customer_id) refers to public.customers and has no index"
    )
    assert finding.confidence is Confidence.HIGH
    assert finding.impact.written_entries_per_day == 11
    assert finding.statement_ids == ()
    [step] = steps_of(finding.remedies[0])
    assert step.up[0].endswith('ON "public"."orders" ("customer_id")')


def test_reports_a_key_that_a_join_uses() -> None:
    join = a_statement(
        "select * from customers c join orders o on o.customer_id = c.id where c.shop_id = $1"
    )

    [finding] = run(KEY, join).findings

    assert finding.confidence is Confidence.MEDIUM
    assert finding.statement_ids == (join.id,)
    assert finding.detail == "1 statement looks rows up by this key."


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ("o.shop_id = $1", 0),
        ("o.id = $1 and c.shop_id = $2", 1),
        ("o.shop_id = $1 and c.shop_id in (select id from shops where id < $2)", 1),
    ],
)
def test_a_join_looks_rows_up_where_something_narrows_the_referenced_ones_down(
    conditions: str, count: int
) -> None:
    shops = a_table("shops", "id bigint")
    join = (
        f"select * from orders o left join customers c on c.id = o.customer_id where {conditions}"
    )

    assert len(run(KEY, shops, a_statement(join)).findings) == count


def test_a_join_by_way_of_the_referencing_table_looks_nothing_up() -> None:
    lines = a_table("lines", "order_id bigint", "sku text")
    join = a_statement(
        "select * from lines l join orders o on o.id = l.order_id "
        "join customers c on c.id = o.customer_id where l.sku = $1"
    )

    assert run(KEY, lines, join).is_clear


@pytest.mark.parametrize(("rest", "severity"), [(199.0, Severity.WARNING), (200.0, Severity.INFO)])
def test_lookups_that_take_next_to_no_time_are_a_remark(rest: float, severity: Severity) -> None:
    lookup = replace(a_statement("select * from orders where customer_id = $1"), total_time_ms=1.0)
    other = replace(a_statement("select 1"), total_time_ms=rest)

    [finding] = run(KEY, lookup, other).findings
    [needed] = run(KEY, lookup, other, DELETES).findings

    assert (finding.severity, needed.severity) == (severity, Severity.WARNING)


def test_reports_a_key_that_a_filter_uses() -> None:
    assert len(run(KEY, a_statement("select * from orders where customer_id = $1")).findings) == 1


@pytest.mark.parametrize(
    "text", ["delete from customers where id = $1", "update customers set id = $1 where id = $2"]
)
def test_reports_a_key_whose_referenced_rows_go_or_change_theirs(text: str) -> None:
    [finding] = run(KEY, a_statement(text)).findings

    assert finding.detail == "Rows of public.customers are deleted, or get another key."


def test_leaves_a_key_alone_that_nobody_uses() -> None:
    update = a_statement("update customers set shop_id = $1 where id = $2")

    assert run(KEY, update, a_statement("select * from orders where id = $1")).is_clear


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(ORDERS, "customer_id"), id="the-column-itself"),
        pytest.param(an_index(ORDERS, "customer_id", "id"), id="a-wider-one"),
        pytest.param(an_index(ORDERS, "customer_id", is_unique=True), id="a-unique-one"),
        pytest.param(an_index(ORDERS, "customer_id", access_method="hash"), id="a-hash"),
        pytest.param(
            an_index(ORDERS, "customer_id", predicate="(customer_id IS NOT NULL)"),
            id="all-but-nulls",
        ),
    ],
)
def test_is_content_with(index: Index) -> None:
    assert run(KEY, DELETES, index).is_clear


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(an_index(ORDERS, "id", "customer_id"), id="not-leading"),
        pytest.param(an_index(ORDERS, "customer_id", is_valid=False), id="invalid"),
        pytest.param(an_index(ORDERS, "customer_id", access_method="brin"), id="brin"),
        pytest.param(
            an_index(ORDERS, "customer_id", predicate="(shop_id IS NOT NULL)"),
            id="partial-by-another-column",
        ),
        pytest.param(an_index(ORDERS, "customer_id", predicate="(id > 5)"), id="partial"),
    ],
)
def test_is_not_content_with(index: Index) -> None:
    assert len(run(KEY, DELETES, index).findings) == 1


@given(order=st.permutations(["customer_id", "shop_id"]), more=st.sampled_from([(), ("id",)]))
def test_the_order_of_the_columns_does_not_matter(order: list[str], more: tuple[str, ...]) -> None:
    key = a_foreign_key(ORDERS, ("customer_id", "shop_id"), CUSTOMERS, ("id", "shop_id"))

    assert run(key, DELETES, an_index(ORDERS, *order, *more)).is_clear


def test_a_primary_key_serves_as_well() -> None:
    assert run(KEY, DELETES, a_primary_key(ORDERS, "customer_id", "id")).is_clear


def test_leaves_small_tables_alone() -> None:
    small = replace(ORDERS, size_bytes=8 * 1024 * 1024 - 1)

    assert diagnose(RULE, a_snapshot(small, CUSTOMERS, KEY, DELETES)).is_clear


def test_reports_two_keys_on_the_same_columns_once() -> None:
    other = replace(KEY, oid=1, name="another")

    assert len(run(KEY, other, DELETES).findings) == 1


def test_builds_the_index_partition_by_partition() -> None:
    parent = replace(ORDERS, kind=RelationKind.PARTITIONED_TABLE, size_bytes=0, rows=0)
    part = a_table(
        "orders_1", "id bigint", "customer_id bigint", parent_oids=(parent.oid,), is_partition=True
    )
    copy = replace(a_foreign_key(part, "customer_id", CUSTOMERS), is_inherited=True)

    [finding] = diagnose(RULE, a_snapshot(parent, part, CUSTOMERS, KEY, copy, DELETES)).findings

    [action] = finding.remedies
    assert isinstance(action, CreateIndex)
    assert action.is_partitioned
    assert action.partitions == (PartitionIndex(schema="public", table="orders_1"),)
