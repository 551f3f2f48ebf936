"""materialized-cte."""

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
    diagnose,
)

RULE = "materialized-cte"
ORDERS = a_table("orders")
RECENT = a_statement(
    "with Recent as  materialized (select * from orders where created_at > $1) "
    "select * from recent where customer_id = $2"
)
INSIDE = PlanNode(
    node_type="Seq Scan",
    parent_relationship="InitPlan",
    subplan_name="CTE recent",
    relation="orders",
    rows=10_000.0,
)
SCAN = PlanNode(
    node_type="CTE Scan",
    rows=1_000.0,
    filter="(customer_id = $2)",
    extra=(("CTE Name", '"recent"'),),
    children=(INSIDE,),
)


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=RECENT.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_reports_a_with_query_of_which_little_is_used() -> None:
    [finding] = run(RECENT, planned(SCAN)).findings

    assert finding.key == f"materialized-cte:{RECENT.id}:recent"
    assert finding.summary == (
        "WITH recent AS MATERIALIZED makes 10,000 rows, of which a condition outside leaves "
        "1,000 (100 % of all time)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0] == "Take MATERIALIZED away from recent, or move the condition inside."


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(replace(SCAN, filter=None), id="all-is-read"),
        pytest.param(
            PlanNode(node_type="Nested Loop", children=(SCAN, replace(SCAN, children=()))),
            id="read-twice",
        ),
        pytest.param(
            replace(SCAN, children=(replace(INSIDE, node_type="Limit"),)), id="with-a-limit"
        ),
        pytest.param(
            replace(SCAN, children=(replace(INSIDE, node_type="Aggregate"),)), id="with-groups"
        ),
        pytest.param(
            replace(SCAN, children=(replace(INSIDE, subplan_name="CTE other"),)),
            id="another-with-query",
        ),
        pytest.param(
            replace(SCAN, children=(replace(INSIDE, subplan_name="InitPlan 1"),)),
            id="another-subquery",
        ),
        pytest.param(INSIDE, id="not-read"),
    ],
)
def test_leaves_alone(root: PlanNode) -> None:
    assert run(RECENT, planned(root)).is_clear


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(RECENT.text.replace("as  materialized", "as"), id="not-asked-for"),
        pytest.param(
            RECENT.text.replace("as  materialized", "as not materialized"), id="asked-against"
        ),
        pytest.param(
            RECENT.text.replace("Recent as  materialized", "recent as").replace(
                " select", ", w as materialized (select 1) select"
            ),
            id="asked-for-another",
        ),
    ],
)
def test_leaves_with_queries_alone_that_are_not_materialised_on_demand(text: str) -> None:
    assert run(replace(RECENT, text=text), planned(SCAN)).is_clear


@pytest.mark.parametrize(
    ("made", "left", "count"),
    [
        (10_000.0, 1_000.0, 1),
        (9_999.0, 999.0, 0),
        (10_000.0, 1_001.0, 0),
    ],
)
def test_asks_for_many_rows_and_little_use(made: float, left: float, count: int) -> None:
    root = replace(SCAN, rows=left, children=(replace(INSIDE, rows=made),))

    assert len(run(RECENT, planned(root)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (199.1, 0)])
def test_asks_for_half_a_percent_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(RECENT, total_time_ms=1.0), planned(SCAN), other).findings

    assert len(found) == count


def test_cannot_judge_without_the_plan() -> None:
    reason = "the original server's plan of it is not in the snapshot"

    assert run(RECENT).reasons == (reason,)
    assert run(RECENT, StatementPlan(statement_id=RECENT.id, reason="timed out")).reasons == (
        reason,
    )


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
