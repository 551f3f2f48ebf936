"""Plans."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.model.plan import Plan, PlanNode

SCAN = PlanNode(
    node_type="Index Scan",
    relation="orders",
    alias="o",
    index_name="orders_pkey",
    scan_direction="Forward",
    total_cost=8.3,
)
OTHER = PlanNode(node_type="Seq Scan", relation="customers", alias="c", total_cost=20.0)
JOIN = PlanNode(node_type="Nested Loop", join_type="Inner", total_cost=30.5, children=(SCAN, OTHER))


def test_walks_from_the_top_left_to_right() -> None:
    assert [node.node_type for node in JOIN.walk()] == ["Nested Loop", "Index Scan", "Seq Scan"]


def test_its_cost_is_that_of_its_top() -> None:
    plan = Plan(root=JOIN)

    assert plan.total_cost == 30.5
    assert plan.index_names == {"orders_pkey"}


def test_costs_do_not_change_the_shape() -> None:
    dearer = replace(JOIN, total_cost=99.0, rows=7.0, children=(replace(SCAN, rows=3.0), OTHER))

    assert dearer.shape == JOIN.shape
    assert JOIN.shape == (
        "Nested Loop Inner(Index Scan orders o orders_pkey Forward, Seq Scan customers c)"
    )


def test_another_plan_has_another_shape() -> None:
    others = (
        replace(JOIN, join_type="Left"),
        replace(JOIN, children=(OTHER, SCAN)),
        replace(JOIN, children=(replace(SCAN, index_name="another"), OTHER)),
        replace(JOIN, children=(replace(SCAN, scan_direction="Backward"), OTHER)),
        replace(JOIN, children=(SCAN,)),
    )

    assert len({JOIN.shape, *(other.shape for other in others)}) == 6
