"""implicit-cast."""

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

RULE = "implicit-cast"
ORDERS = a_table("orders", "id bigint not null", "code character(8)", "name varchar", "at date")
INDEXES = tuple(an_index(ORDERS, column) for column in ("id", "code", "name", "at"))
REFS = a_table("refs", "number numeric", "t text")
BY_ID = a_statement("select * from orders where id = $1::numeric")
JOINED = a_statement("select o.at from orders o join refs r on o.id = r.number")
JOIN = PlanNode(
    node_type="Nested Loop",
    join_filter="((o.id)::numeric = r.number)",
    children=(
        PlanNode(node_type="Seq Scan", schema="public", relation="orders", alias="o"),
        PlanNode(node_type="Seq Scan", schema="public", relation="refs", alias="r"),
    ),
)


def planned(root: PlanNode) -> StatementPlan:
    return StatementPlan(statement_id=JOINED.id, plan=Plan(root=root))


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, REFS, INDEXES, *objects))


def test_reports_a_column_that_is_converted() -> None:
    [finding] = run(BY_ID).findings

    assert finding.key == f"implicit-cast:public.orders.id:{BY_ID.id}"
    assert finding.summary == (
        "public.orders.id is converted from bigint to numeric in a comparison, which keeps "
        "indexes out (100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "`...::bigint`" in action.steps[0]


def test_is_not_reported_by_another_rule_as_well() -> None:
    assert diagnose("non-sargable-predicate", a_snapshot(ORDERS, BY_ID)).is_clear


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        pytest.param("id > $1::float8", 1, id="float"),
        pytest.param("code = $1::text", 1, id="character-to-text"),
        pytest.param("name = $1::text", 0, id="varchar-to-text"),
        pytest.param("id = $1::bigint", 0, id="its-own-type"),
        pytest.param("id = $1::int", 0, id="among-integers"),
        pytest.param("at = $1::timestamp", 0, id="date-and-timestamp"),
        pytest.param("id::numeric = $1", 0, id="written"),
        pytest.param("cast(orders.id as numeric) = $1", 0, id="written-in-words"),
    ],
)
def test_tells_conversions_apart(condition: str, count: int) -> None:
    text = f"select id as number from orders where {condition}"

    assert len(run(a_statement(text)).findings) == count


def test_sees_the_condition_of_a_join() -> None:
    [finding] = run(JOINED, planned(JOIN)).findings

    assert finding.subject == "public.orders.id"
    assert finding.evidence[0].source == "EXPLAIN on the original server"


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("(o.id = (r.number)::bigint)", id="the-other-side"),
        pytest.param("((o.name)::text = r.t)", id="varchar-to-text"),
        pytest.param("((o.gone)::numeric = r.number)", id="unknown-column"),
        pytest.param("((x.id)::numeric = r.number)", id="unknown-alias"),
        pytest.param(None, id="none"),
    ],
)
def test_leaves_joins_alone(condition: str | None) -> None:
    assert run(JOINED, planned(replace(JOIN, join_filter=condition))).is_clear


def test_leaves_a_join_on_a_column_without_an_index_alone() -> None:
    second = an_index(ORDERS, "at", "id")

    assert diagnose(RULE, a_snapshot(ORDERS, REFS, JOINED, second, planned(JOIN))).is_clear


def test_leaves_a_join_alone_that_casts_by_itself() -> None:
    text = "select o.at from orders o join refs r on o.id::numeric = r.number"

    assert run(replace(JOINED, text=text), planned(JOIN)).is_clear


def test_leaves_small_tables_alone() -> None:
    small = replace(ORDERS, rows=9_999.0, size_bytes=0)

    assert diagnose(RULE, a_snapshot(small, REFS, INDEXES, BY_ID, JOINED, planned(JOIN))).is_clear


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(BY_ID, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_cannot_judge_a_join_without_a_plan() -> None:
    [skipped] = run(JOINED).skipped

    assert skipped.subject == "1 statement with joins"
    assert skipped.reason == "the original server's plan is not in the snapshot"


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
