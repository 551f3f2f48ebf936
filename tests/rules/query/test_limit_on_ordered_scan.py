"""limit-on-ordered-scan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
)

RULE = "limit-on-ordered-scan"
ORDERS = a_table("orders")
PAGE = a_statement(
    "select * from orders where customer_id = $1 order by created_at desc limit 20",
    calls=1_000,
    rows=2_000,
    shared_blocks_hit=2_000_000,
    max_time_ms=60_000.0,
)
SCAN = PlanNode(
    node_type="Index Scan",
    schema="public",
    relation="orders",
    index_name="orders_created_at_idx",
    filter="(orders.customer_id = $1)",
)
ROOT = PlanNode(node_type="Limit", children=(SCAN,))


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=PAGE.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_reports_a_walk_through_an_index() -> None:
    [finding] = run(PAGE, planned(ROOT)).findings

    assert finding.key == f"limit-on-ordered-scan:public.orders:{PAGE.id}"
    assert finding.summary == (
        "A page of public.orders walks through orders_created_at_idx and touches 2,000 blocks to "
        "return 2 rows (100 % of all time)"
    )
    assert finding.detail == "A call takes 50 ms on average and 60 s at most."
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "`(orders.customer_id = $1)`" in action.steps[0]


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(SCAN, id="no-limit"),
        pytest.param(replace(ROOT, children=(replace(SCAN, filter=None),)), id="no-filter"),
        pytest.param(
            replace(ROOT, children=(replace(SCAN, index_condition="(id > $2)"),)),
            id="narrowed-down",
        ),
        pytest.param(replace(ROOT, children=(replace(SCAN, node_type="Seq Scan"),)), id="no-index"),
        pytest.param(
            replace(ROOT, children=(PlanNode(node_type="Sort", children=(SCAN,)),)), id="sorted"
        ),
    ],
)
def test_leaves_alone(root: PlanNode) -> None:
    assert run(PAGE, planned(root)).is_clear


def test_sees_a_walk_on_the_outer_side_of_a_join() -> None:
    join = PlanNode(node_type="Nested Loop", children=(SCAN, PlanNode(node_type="Seq Scan")))

    assert len(run(PAGE, planned(replace(ROOT, children=(join,)))).findings) == 1


def test_leaves_a_statement_without_a_limit_alone() -> None:
    text = PAGE.text.removesuffix(" limit 20")

    assert run(replace(PAGE, text=text), planned(ROOT)).is_clear


@pytest.mark.parametrize(
    ("blocks", "rows", "count"),
    [
        (2_000_000, 2_000, 1),
        (1_999_999, 2_000, 0),
        (1_000_000, 0, 1),  # a call that finds nothing counts as one row
        (999_999, 0, 0),
    ],
)
def test_asks_for_a_thousand_blocks_a_row(blocks: int, rows: int, count: int) -> None:
    found = run(replace(PAGE, shared_blocks_hit=blocks, rows=rows), planned(ROOT)).findings

    assert len(found) == count


@pytest.mark.parametrize(
    ("blocks_per_call", "count"), [(1_999, 1), (2_000, 0), (2_149, 0), (2_150, 1)]
)
def test_a_call_that_touches_just_the_tables_blocks_does_not_walk(
    blocks_per_call: int, count: int
) -> None:
    table = replace(ORDERS, pages=2_000)
    page = replace(PAGE, rows=1_000, shared_blocks_hit=1_000 * blocks_per_call)
    walked = replace(
        an_index(table, "created_at"), name=str(SCAN.index_name), size_bytes=300 * 8192
    )
    other = replace(walked, name="other", oid=walked.oid + 1)

    found = diagnose(RULE, a_snapshot(table, walked, page, planned(ROOT))).findings
    unknown = diagnose(RULE, a_snapshot(table, other, page, planned(ROOT))).findings

    assert (len(found), len(unknown)) == (count, 1)


@pytest.mark.parametrize(("rows", "count"), [(1_000_000, 1), (1_000_001, 0)])
def test_leaves_large_results_alone(rows: int, count: int) -> None:
    many = replace(PAGE, rows=rows, shared_blocks_hit=10**10)

    assert len(run(many, planned(ROOT)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(PAGE, total_time_ms=1.0), other, planned(ROOT)).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_cannot_judge_a_statement_without_a_plan() -> None:
    assert run(PAGE).reasons == ("the original server's plan of it is not in the snapshot",)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
