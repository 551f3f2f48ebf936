"""distinct-over-join."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "distinct-over-join"
ORDERS = a_table("orders")
USERS = a_table("users", "id bigint not null", "name text")
BUYERS = a_statement(
    "select distinct u.* from users u join orders o on o.customer_id = u.id where o.status = $1"
)
JOIN = PlanNode(node_type="Hash Join", rows=1_000.0)
ROOT = PlanNode(node_type="Unique", rows=100.0, children=(JOIN,))


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=BUYERS.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, USERS, a_primary_key(USERS, "id"), *objects))


def test_reports_a_join_whose_rows_are_thrown_away() -> None:
    [finding] = run(BUYERS, planned(ROOT)).findings

    assert finding.key == f"distinct-over-join:{BUYERS.id}"
    assert finding.summary == (
        "A join of public.orders, public.users makes 1,000 rows, of which DISTINCT leaves 100 "
        "(100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    [action] = finding.remedies
    assert isinstance(action, RewriteStatement)
    assert action.after == (
        "SELECT u.* FROM users AS u WHERE "
        "EXISTS (SELECT 1 FROM orders AS o WHERE o.status = $1 AND o.customer_id = u.id)"
    )
    assert action.condition == ""


def test_looks_through_what_workers_have_removed() -> None:
    partial = replace(ROOT, node_type="Aggregate", rows=300.0)
    gather = PlanNode(node_type="Gather Merge", rows=300.0, children=(partial,))

    [finding] = run(BUYERS, planned(replace(ROOT, children=(gather,)))).findings

    assert finding.evidence[0].value == 1_000


@pytest.mark.parametrize(
    ("joined", "kept", "count"),
    [(1_000.0, 100.0, 1), (999.0, 99.0, 0), (1_000.0, 101.0, 0)],
)
def test_asks_for_many_rows_of_which_few_are_left(joined: float, kept: float, count: int) -> None:
    root = replace(ROOT, rows=kept, children=(replace(JOIN, rows=joined),))

    assert len(run(BUYERS, planned(root)).findings) == count


def test_leaves_a_plan_alone_that_removes_nothing() -> None:
    assert run(BUYERS, planned(JOIN)).is_clear


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("distinct ", "", id="no-distinct"),
        pytest.param("u.*", "u.id, o.status", id="selects-from-both"),
        pytest.param(" join", " left join", id="outer-join"),
        pytest.param("distinct u.*", "distinct count(*)", id="aggregate"),
    ],
)
def test_leaves_alone(old: str, new: str) -> None:
    text = BUYERS.text.replace(old, new)

    assert run(replace(BUYERS, text=text), planned(ROOT)).is_clear


def test_leaves_equal_rows_alone_that_no_join_has_made() -> None:
    text = "select distinct o.status from orders o join users u on o.customer_id = u.id"

    assert run(replace(BUYERS, text=text), planned(ROOT)).is_clear


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (200.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(BUYERS, total_time_ms=1.0), other, planned(ROOT)).findings

    assert len(found) == count


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(BUYERS, fingerprint="f"), replace(BUYERS, fingerprint="f", id="2"))
    plans = (planned(ROOT), replace(planned(ROOT), statement_id="2"))

    [finding] = run(twins, plans).findings

    assert finding.statement_ids == (BUYERS.id, "2")


def test_cannot_judge_a_statement_without_a_plan() -> None:
    refused = StatementPlan(statement_id=BUYERS.id, reason="it calls a function that acts")

    assert run(BUYERS).reasons == ("the original server's plan of it is not in the snapshot",)
    assert run(BUYERS, refused).reasons == (
        "the original server's plan of it is not in the snapshot: it calls a function that acts",
    )


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
