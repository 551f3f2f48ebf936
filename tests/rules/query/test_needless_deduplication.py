"""needless-deduplication."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import RewriteStatement
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.statement import Statement, StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "needless-deduplication"
ORDERS = a_table("orders")
BILLS = a_table("bills", "id bigint not null", "note text", "paid_at timestamptz")
KEYS = (a_primary_key(ORDERS, "id"), a_primary_key(BILLS, "id"))
BOTH = a_statement(
    "select $1 as kind, id from orders union select $2, id from bills", calls=100, rows=100_000
)
APPENDED = PlanNode(node_type="Append", rows=1_000.0)
ROOT = PlanNode(node_type="Aggregate", strategy="Hashed", rows=1_000.0, children=(APPENDED,))


def planned(statement: Statement, root: PlanNode = ROOT) -> StatementPlan:
    return StatementPlan(statement_id=statement.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, BILLS, *KEYS, *objects))


def of(text: str) -> Outcome:
    statement = replace(BOTH, text=text)
    return run(statement, planned(statement))


def test_reports_rows_that_are_told_apart_by_what_stands_for_a_constant() -> None:
    [finding] = run(BOTH, planned(BOTH)).findings

    assert finding.key == f"needless-deduplication:{BOTH.id}"
    assert finding.summary == (
        "UNION looks through 1,000 rows of public.bills, public.orders for equal ones, of which "
        "there are none (100 % of all time)"
    )
    assert finding.detail == "That is so where $1 and $2 differ."
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    [rewrite] = finding.remedies
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.after == ("SELECT $1 AS kind, id FROM orders UNION ALL SELECT $2, id FROM bills")
    assert rewrite.condition == "$1 and $2 differ"


def test_is_sure_where_the_text_has_the_constants() -> None:
    [finding] = of("select 'o' as kind, id from orders union select 'b', id from bills").findings

    assert finding.confidence is Confidence.HIGH
    assert finding.detail == ""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from orders union select id from bills", id="nothing-tells"),
        pytest.param("select $1, id from orders union all select $2, id from bills", id="all"),
        pytest.param("select $1, note from orders union select $2, id from bills", id="no-key"),
        pytest.param("select distinct $1, id from orders", id="no-union"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert of(text).is_clear


@pytest.mark.parametrize(("rows", "count"), [(1_000.0, 1), (999.0, 0)])
def test_asks_for_a_thousand_rows(rows: float, count: int) -> None:
    root = replace(ROOT, children=(replace(APPENDED, rows=rows),))

    assert len(run(BOTH, planned(BOTH, root)).findings) == count


def test_leaves_a_plan_alone_that_looks_for_no_equal_rows() -> None:
    assert run(BOTH, planned(BOTH, APPENDED)).is_clear


@pytest.mark.parametrize(("rest", "count"), [(199.0, 1), (200.0, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(BOTH, total_time_ms=1.0), other, planned(BOTH)).findings

    assert len(found) == count


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(BOTH, fingerprint="f"), replace(BOTH, fingerprint="f", id="2"))

    [finding] = run(twins, *map(planned, twins)).findings

    assert finding.statement_ids == (BOTH.id, "2")


def test_cannot_judge_a_statement_without_a_plan() -> None:
    assert run(BOTH).reasons == ("the original server's plan of it is not in the snapshot",)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
