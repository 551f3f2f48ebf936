"""Forms of plans, without figures, values and partitions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import RelationKind
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.whatif.parameters.forms import Form, Forms, differing_nodes

ORDERS = a_table("orders")
EVENTS = a_table("events", "at timestamptz", kind=RelationKind.PARTITIONED_TABLE)
PARTS = [
    a_table(f"events_{n}", "at timestamptz", parent_oids=(EVENTS.oid,), is_partition=True)
    for n in (1, 2)
]
EVENTS_AT = an_index(EVENTS, "at", name="events_at", is_partitioned=True)
PART_INDEXES = [
    replace(an_index(part, "at", name=f"{part.name}_at"), parent_oid=EVENTS_AT.oid)
    for part in PARTS
]
FORMS = Forms(Catalog(a_snapshot(ORDERS, EVENTS, *PARTS, EVENTS_AT, *PART_INDEXES)))


def node(kind: str, *children: PlanNode, **fields: Any) -> PlanNode:  # noqa: ANN401  (of PlanNode)
    return PlanNode(node_type=kind, children=children, **fields)


def scan(table: str, index: str | None = None, **fields: Any) -> PlanNode:  # noqa: ANN401
    kind = "Index Scan" if index else "Seq Scan"
    return node(kind, schema="public", relation=table, index_name=index, **fields)


def form(root: PlanNode) -> Form:
    return FORMS.of(Plan(root=root))


def test_tells_plans_by_their_nodes_and_not_by_their_figures() -> None:
    plain = form(scan("orders", "orders_pkey"))

    assert form(scan("orders", "orders_pkey", total_cost=8.0, index_condition="id = 5")) == plain
    assert form(scan("orders", "orders_other")).shape != plain.shape
    assert form(scan("orders")).shape != plain.shape


@pytest.mark.parametrize("partitions", [(1,), (2,), (1, 2)])
def test_takes_partitions_for_their_table(partitions: tuple[int, ...]) -> None:
    scans = [scan(f"events_{n}", f"events_{n}_at") for n in partitions]
    root = node("Append", *scans) if len(scans) > 1 else scans[0]

    assert form(node("Sort", root)) == form(node("Sort", scan("events", "events_at")))
    assert form(root).nodes == ("Index Scan using events_at on events",)


def test_names_the_indexes_of_a_bitmap_with_its_table() -> None:
    bitmap = node(
        "Bitmap Heap Scan",
        node(
            "BitmapOr",
            node("Bitmap Index Scan", index_name="orders_a"),
            node("Bitmap Index Scan", index_name="orders_b"),
        ),
        schema="public",
        relation="orders",
    )

    assert form(bitmap).nodes == ("Bitmap Heap Scan using orders_a, orders_b on orders",)


def test_takes_a_bitmap_of_an_index_for_the_same_access() -> None:
    bitmap = node(
        "Bitmap Heap Scan",
        node("Bitmap Index Scan", index_name="orders_pkey"),
        schema="public",
        relation="orders",
    )
    plain = form(scan("orders", "orders_pkey"))

    assert form(bitmap).access == plain.access
    assert form(node("Gather", bitmap)).access == plain.access
    assert form(bitmap).shape != plain.shape
    assert form(scan("orders")).access != plain.access


def test_names_what_differs() -> None:
    one = form(node("Limit", scan("orders", "orders_created")))
    two = form(node("Limit", node("Sort", scan("orders", "orders_tenant"))))

    assert differing_nodes(one, (two,)) == ("Index Scan using orders_created on orders",)
    assert differing_nodes(two, (one,)) == ("Index Scan using orders_tenant on orders", "Sort")


def test_names_how_others_would_read_what_is_read_twice() -> None:
    one = form(scan("events", "events_at"))
    two = form(node("Append", scan("events_1"), scan("events_2", "events_2_at")))

    assert differing_nodes(one, (two,)) == ("Index Scan using events_at on events",)
    assert differing_nodes(two, (one,)) == ("Seq Scan on events",)


def test_names_what_a_plan_does_without() -> None:
    one, two = form(scan("orders")), form(node("Sort", scan("orders")))

    assert differing_nodes(one, (two,)) == ("without Sort",)


def test_names_the_order_where_that_is_all() -> None:
    one = form(node("Hash Join", scan("orders"), scan("events")))
    two = form(node("Hash Join", scan("events"), scan("orders")))

    assert one.shape != two.shape
    assert differing_nodes(one, (two,)) == ("in the order orders, events",)
