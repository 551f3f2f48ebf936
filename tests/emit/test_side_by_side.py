"""Two plans beside each other."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.emit.side_by_side import render_plans, rows_of
from pgadvisor.model.plan import Plan, PlanNode

SCAN = PlanNode(
    node_type="Seq Scan", relation="orders", alias="o", total_cost=1411, filter="(o.ticket = 5)"
)
LOOKUP = PlanNode(
    node_type="Index Scan",
    relation="orders",
    alias="o",
    index_name="orders_ticket_idx",
    total_cost=8.31,
    index_condition="(o.ticket = 5)",
)
BEFORE = Plan(
    root=PlanNode(
        node_type="Sort", sort_keys=("o.total",), total_cost=1411.02, rows=1, children=(SCAN,)
    )
)
AFTER = Plan(root=replace(BEFORE.root, total_cost=8.33, children=(LOOKUP,)))


def test_what_differs_is_marked_and_the_rest_stands_in_the_same_rows() -> None:
    assert (
        render_plans(BEFORE, AFTER, width=120)
        == """\
before                                                     | after
-----------------------------------------------------------+-----------------------------------------------------------
  Sort  (cost=0.00..1411.02 rows=1 width=0)                |   Sort  (cost=0.00..8.33 rows=1 width=0)
    Sort Key: o.total                                      |     Sort Key: o.total
- -> Seq Scan on orders o                                  | + -> Index Scan using orders_ticket_idx on orders o
-      (cost=0.00..1411.00 rows=0 width=0)                 | +      (cost=0.00..8.31 rows=0 width=0)
-      Filter: (o.ticket = 5)                              | +      Index Cond: (o.ticket = 5)"""  # noqa: E501
    )


def test_below_120_columns_they_follow_each_other() -> None:
    assert (
        render_plans(BEFORE, AFTER, width=119, titles=("now", "then"))
        == """\
now
  Sort  (cost=0.00..1411.02 rows=1 width=0)
    Sort Key: o.total
- -> Seq Scan on orders o  (cost=0.00..1411.00 rows=0 width=0)
-      Filter: (o.ticket = 5)

then
  Sort  (cost=0.00..8.33 rows=1 width=0)
    Sort Key: o.total
+ -> Index Scan using orders_ticket_idx on orders o  (cost=0.00..8.31 rows=0 width=0)
+      Index Cond: (o.ticket = 5)"""
    )


def test_a_node_that_is_new_leaves_its_place_empty_on_the_other_side() -> None:
    rows = rows_of(Plan(root=SCAN), BEFORE)

    assert [(len(row.before), len(row.after), row.is_same) for row in rows] == [
        (0, 1, False),
        (1, 1, True),
    ]


def test_another_condition_is_a_difference_and_another_cost_is_none() -> None:
    dearer = Plan(root=replace(SCAN, total_cost=2000))
    other = Plan(root=replace(SCAN, filter="(o.ticket = 6)"))

    assert [row.is_same for row in rows_of(Plan(root=SCAN), dearer)] == [True]
    assert [row.is_same for row in rows_of(Plan(root=SCAN), other)] == [False]


def test_colours_are_those_of_a_diff() -> None:
    text = render_plans(Plan(root=SCAN), Plan(root=LOOKUP), width=80, color=True)

    assert "\x1b[31m- Seq Scan on orders o" in text
    assert "\x1b[32m+ Index Scan using" in text
