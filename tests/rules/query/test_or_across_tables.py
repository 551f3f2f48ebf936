"""or-across-tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
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

RULE = "or-across-tables"
ORDERS = a_table("orders")
USERS = a_table("users", "id bigint not null", "name text")
SEARCH = a_statement(
    "select o.id from orders o join users u on u.id = o.customer_id "
    "where o.note = $1 OR u.name = $2",
    calls=1_000,
    rows=20_000,
    shared_blocks_hit=1_000_000,
)
SCANS = (
    PlanNode(node_type="Seq Scan", relation="orders", alias="o"),
    PlanNode(
        node_type="Hash",
        children=(PlanNode(node_type="Seq Scan", relation="users", alias="u"),),
    ),
)
ROOT = PlanNode(
    node_type="Hash Join",
    join_filter="((o.note = $1) OR (u.name = $2))",
    children=SCANS,
)


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=SEARCH.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, USERS, *objects))


def test_reports_a_condition_that_is_checked_after_the_join() -> None:
    [finding] = run(SEARCH, planned(ROOT)).findings

    assert finding.key == f"or-across-tables:{SEARCH.id}"
    assert finding.summary == (
        "An OR across public.orders, public.users is checked after the join: 20 rows and 1,000 "
        "blocks a call (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    steps, rewrite = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "as in the rewrite" in steps.steps[0]
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.after == (
        "SELECT o.id FROM orders AS o INNER JOIN users AS u ON u.id = o.customer_id "
        "WHERE o.note = $1 UNION ALL SELECT o.id FROM orders AS o INNER JOIN users AS u "
        "ON u.id = o.customer_id WHERE u.name = $2 AND (o.note = $1) IS NOT TRUE"
    )
    assert rewrite.condition == ""


def test_says_what_to_do_by_hand_where_there_is_no_rewrite() -> None:
    text = SEARCH.text.replace("u.name = $2", "u.name like $2")

    [finding] = run(replace(SEARCH, text=text), planned(ROOT)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "rewrite" not in action.steps[0]


ASKING = replace(
    SEARCH,
    text="select o.id from orders o "
    "where o.note = $1 or o.customer_id in (select u.id from users u where u.name = $2)",
)
ASKED = PlanNode(
    node_type="Seq Scan",
    relation="orders",
    alias="o",
    filter="((o.note = $1) OR (ANY (o.customer_id = (hashed SubPlan 1).col1)))",
    children=(
        PlanNode(
            node_type="Seq Scan",
            relation="users",
            alias="u",
            parent_relationship="SubPlan",
            subplan_name="SubPlan 1",
        ),
    ),
)


def test_reports_an_or_with_a_subquery_and_does_not_call_it_a_join() -> None:
    [finding] = run(ASKING, planned(ASKED)).findings

    assert finding.summary == (
        "An OR with a subquery over public.orders, public.users is checked row by row: 20 rows "
        "and 1,000 blocks a call (100 % of all time)"
    )
    assert finding.evidence[0].name == "condition of the scan"
    _, rewrite = finding.remedies
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.after == (
        "SELECT o.id FROM orders AS o WHERE o.note = $1 UNION ALL SELECT o.id FROM orders AS o "
        "WHERE o.customer_id IN (SELECT u.id FROM users AS u WHERE u.name = $2) "
        "AND (o.note = $1) IS NOT TRUE"
    )


@pytest.mark.parametrize(
    "arm",
    [
        pytest.param("o.customer_id not in (select id from users)", id="not-in"),
        pytest.param("o.total > (select avg(id) from users)", id="a-comparison"),
        pytest.param("o.customer_id > any (select id from users)", id="not-equal"),
    ],
)
def test_leaves_an_or_with_a_subquery_alone_that_no_union_splits(arm: str) -> None:
    text = f"select o.id from orders o where o.note = $1 or {arm}"

    assert run(replace(SEARCH, text=text), planned(ASKED)).is_clear


def test_a_subquery_beside_a_join_is_no_side_of_it() -> None:
    beside = PlanNode(
        node_type="Seq Scan", relation="users", alias="u", parent_relationship="InitPlan"
    )
    other = PlanNode(node_type="Seq Scan", relation="lines", alias="l")
    root = replace(ROOT, children=(beside, SCANS[0], other))

    assert run(SEARCH, planned(root)).is_clear


def test_an_alias_that_ends_like_another_is_not_taken_for_it() -> None:
    condition = "((bo.note = $1) OR (u.name = $2))"

    assert run(SEARCH, planned(replace(ROOT, join_filter=condition))).is_clear


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(None, id="none"),
        pytest.param("((o.note = $1) AND (u.name = $2))", id="and"),
        pytest.param("((o.note = $1) OR (o.status = $2))", id="one-table"),
    ],
)
def test_leaves_alone(condition: str | None) -> None:
    assert run(SEARCH, planned(replace(ROOT, join_filter=condition))).is_clear


def test_leaves_a_statement_on_one_table_alone() -> None:
    text = "select id from orders where note = $1 or status = $2"

    assert run(replace(SEARCH, text=text), planned(ROOT)).is_clear


@pytest.mark.parametrize(("blocks", "count"), [(1_000_000, 1), (999_999, 0)])
def test_asks_for_a_thousand_blocks_a_call(blocks: int, count: int) -> None:
    found = run(replace(SEARCH, shared_blocks_hit=blocks), planned(ROOT)).findings

    assert len(found) == count


@pytest.mark.parametrize(("rows", "count"), [(1_000_000, 1), (1_000_001, 0)])
def test_leaves_large_results_alone(rows: int, count: int) -> None:
    assert len(run(replace(SEARCH, rows=rows), planned(ROOT)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(1_000.0, 1), (1_001.0, 0)])
@pytest.mark.parametrize("node_type", ["Aggregate", "Limit"])
def test_leaves_a_summary_of_many_rows_alone(node_type: str, rows: float, count: int) -> None:
    root = PlanNode(node_type=node_type, rows=1.0, children=(replace(ROOT, rows=rows),))

    assert len(run(SEARCH, planned(root)).findings) == count


def test_believes_the_counted_rows_more_than_the_expected_ones() -> None:
    assert len(run(SEARCH, planned(replace(ROOT, rows=20_000.0))).findings) == 1


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("((o.note = $1) OR (u.id IS NULL))", 0),
        ("((u.id IS NULL) OR (o.note = $1))", 0),
        ("((o.note = $1) OR ((u.name = $2) AND (u.id IS NULL)))", 1),
        ("((o.note = $1) OR (u.name = $2))", 1),
    ],
)
def test_leaves_an_arm_alone_that_asks_for_rows_without_a_partner(
    condition: str, count: int
) -> None:
    left = replace(ROOT, join_type="Left", join_filter=None, filter=condition)
    inner = replace(left, join_type="Inner")

    assert len(run(SEARCH, planned(left)).findings) == count
    assert len(run(SEARCH, planned(inner)).findings) == 1


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (200.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(SEARCH, total_time_ms=1.0), other, planned(ROOT)).findings

    assert len(found) == count


def test_cannot_judge_a_statement_without_a_plan() -> None:
    assert run(SEARCH).reasons == ("the original server's plan of it is not in the snapshot",)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
