"""per-row-subquery."""

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

RULE = "per-row-subquery"
ORDERS = a_table("orders")
USERS = a_table("users", "id bigint not null", "name text", rows=10_000)
LATEST = a_statement(
    "select u.name, (select max(o.created_at) from orders o where o.customer_id = u.id) "
    "from users u"
)
OF_THE_USER = PlanNode(
    node_type="Index Scan", relation="orders", alias="o", index_condition="(customer_id = u.id)"
)
INSIDE = PlanNode(
    node_type="Aggregate",
    parent_relationship="SubPlan",
    subplan_name="SubPlan 1",
    total_cost=8.0,
    children=(OF_THE_USER,),
)
ROOT = PlanNode(
    node_type="Seq Scan",
    schema="public",
    relation="users",
    alias="u",
    rows=10_000.0,
    total_cost=160_000.0,
    children=(INSIDE,),
)


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=LATEST.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, USERS, *objects))


def test_reports_a_subquery_that_is_run_for_each_row() -> None:
    [finding] = run(LATEST, planned(ROOT)).findings

    assert finding.key == f"per-row-subquery:{LATEST.id}:SubPlan 1"
    assert finding.summary == (
        "A subquery of a statement on public.orders, public.users is run for 10,000 rows "
        "(100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert [e.value for e in finding.evidence[:2]] == [10_000, 0.5]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "LEFT JOIN" in action.steps[0]


def test_a_filter_runs_it_for_each_row_that_is_looked_at() -> None:
    """Two rows are left, but all ten thousand are asked for."""
    root = replace(ROOT, rows=2.0, filter="((SubPlan 1) > users.id)")

    [finding] = run(LATEST, planned(root)).findings

    assert finding.evidence[0].value == 10_000


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(
            replace(ROOT, filter="(NOT (ANY (id = (hashed SubPlan 1).col1)))"), id="hashed"
        ),
        pytest.param(
            replace(ROOT, children=(replace(INSIDE, parent_relationship="InitPlan"),)),
            id="run-once",
        ),
        pytest.param(
            PlanNode(node_type="Limit", total_cost=160_000.0, children=(ROOT,)), id="a-page"
        ),
        pytest.param(replace(ROOT, rows=9_999.0), id="fewer-rows"),
        pytest.param(replace(ROOT, total_cost=160_001.0), id="a-small-part"),
        pytest.param(replace(ROOT, children=()), id="no-subplan"),
        pytest.param(
            replace(ROOT, children=(replace(INSIDE, children=()),)), id="hashed-in-the-select-list"
        ),
        pytest.param(
            replace(
                ROOT,
                children=(
                    replace(
                        INSIDE,
                        children=(replace(OF_THE_USER, index_condition="(menu.id = o.kind)"),),
                    ),
                ),
            ),
            id="another-name-that-ends-alike",
        ),
        pytest.param(
            PlanNode(
                node_type="Aggregate",
                rows=1.0,
                group_keys=("u.name",),
                total_cost=160_000.0,
                children=(replace(ROOT, children=()), INSIDE),
            ),
            id="run-for-each-group",
        ),
    ],
)
def test_leaves_alone(root: PlanNode) -> None:
    assert run(LATEST, planned(root)).is_clear


def test_finds_a_table_whose_name_is_quoted() -> None:
    inside = replace(
        INSIDE, children=(replace(OF_THE_USER, index_condition='(customer_id = "Users".id)'),)
    )
    root = replace(ROOT, alias="Users", children=(inside,))

    assert len(run(LATEST, planned(root)).findings) == 1


def test_a_subquery_in_a_filter_that_does_not_depend_on_the_row_is_run_anew_unless_hashed() -> None:
    root = replace(
        ROOT,
        filter="(NOT (ANY (id = (SubPlan 1).col1)))",
        children=(replace(INSIDE, children=()),),
    )

    assert len(run(LATEST, planned(root)).findings) == 1


def test_a_subquery_inside_an_aggregate_is_run_for_each_row_that_is_added_up() -> None:
    root = PlanNode(
        node_type="Aggregate",
        strategy="Plain",
        rows=1.0,
        total_cost=160_000.0,
        children=(replace(ROOT, children=()), INSIDE),
    )

    [finding] = run(LATEST, planned(root)).findings

    assert finding.evidence[0].value == 10_000


def test_a_sort_below_a_limit_reads_all_the_same() -> None:
    sort = PlanNode(node_type="Sort", children=(ROOT,))
    root = PlanNode(node_type="Limit", total_cost=160_000.0, children=(sort,))

    assert len(run(LATEST, planned(root)).findings) == 1


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (200.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(LATEST, total_time_ms=1.0), other, planned(ROOT)).findings

    assert len(found) == count


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(LATEST, fingerprint="f"), replace(LATEST, fingerprint="f", id="2"))
    plans = (planned(ROOT), replace(planned(ROOT), statement_id="2"))

    [finding] = run(twins, plans).findings

    assert finding.statement_ids == (LATEST.id, "2")


def test_cannot_judge_a_statement_without_a_plan() -> None:
    assert run(LATEST).reasons == ("the original server's plan of it is not in the snapshot",)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
