"""blind-generic-plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
    executed,
    table_activity,
)

RULE = "blind-generic-plan"
ORDERS = a_table(rows=200_000)
UNEVEN = (
    column_statistics(ORDERS, "customer_id", most_common=[("1", 0.5)], n_distinct=2_000.0),
    column_statistics(ORDERS, "status", most_common=[("a", 0.25)], n_distinct=4.0),
    column_statistics(ORDERS, "note"),
)
BY_ITSELF = a_snapshot(version_num=0)
TEXT = "select * from orders where customer_id = $1"
SCAN = """\
Aggregate  (cost=1..2 rows=1 width=8) (actual time=50.0..50.0 rows=1 loops=1)
  ->  Index Scan using i on orders  (cost=0..1 rows={expected} width=8) (actual time=0..40 rows={rows} loops=1)
        Index Cond: {condition}
"""  # noqa: E501


def scan(condition: str = "(customer_id = $1)", expected: int = 100, rows: int = 100_000) -> str:
    return SCAN.format(condition=condition, expected=expected, rows=rows)


def run(plan: str, *parts: SnapshotPart, snapshot: Snapshot | None = None) -> Outcome:
    judged = snapshot or a_snapshot(ORDERS, *(parts or UNEVEN))
    return diagnose(RULE, judged, executions=executed(plan, judged))


def test_tells_that_the_plan_did_not_know_the_value() -> None:
    [finding] = run(scan()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == (
        "A plan for unknown values of customer_id expected 100 rows of Index Scan using i on "
        "orders, and 100,000 came"
    )
    assert finding.severity is Severity.INFO
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Plan the statement for each value"
    assert [e.value for e in finding.evidence if e.name.startswith("share of")] == ["50 %"]


def test_does_without_a_snapshot() -> None:
    [finding] = run(scan(), snapshot=BY_ITSELF).findings

    assert finding.subject == "orders"


def test_names_the_roles_of_its_statement() -> None:
    statement = a_statement(TEXT, id="42", roles=("web",))
    plan = f"Query Text: {TEXT}\n{scan()}Query Identifier: 42\n"

    [finding] = run(plan, UNEVEN, statement).findings

    assert finding.statement_ids == ("42",)
    assert 'ALTER ROLE "web" SET plan_cache_mode = force_custom_plan' in str(finding.remedies)


def test_leaves_roles_alone_for_which_it_is_set() -> None:
    statement = a_statement(TEXT, id="42", roles=("web",))
    snapshot = a_snapshot(ORDERS, UNEVEN, statement)
    decided = RoleSetting(
        role="web", database="", name="plan_cache_mode", value="force_custom_plan"
    )
    server = replace(snapshot.server, role_settings=(decided,))
    plan = f"{scan()}Query Identifier: 42\n"

    assert run(plan, snapshot=replace(snapshot, server=server)).is_clear


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(scan("(customer_id = 1)")), id="the-value-was-known"),
        pytest.param(run(scan("(status = $1)")), id="values-about-as-frequent"),
        pytest.param(run(scan(expected=10_001)), id="about-right"),
        pytest.param(
            run(scan(), UNEVEN, table_activity(ORDERS, rows_modified_since_analyze=20_000)),
            id="stale",
        ),
        pytest.param(
            run(scan("(customer_id = $0)") + "  InitPlan 1 (returns $0)\n"), id="of-a-subquery"
        ),
        pytest.param(
            run(scan(), UNEVEN, Setting(name="plan_cache_mode", value="force_custom_plan")),
            id="set-for-the-server",
        ),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_so_where_the_session_asked_for_it() -> None:
    forced = f"{scan()}Settings: plan_cache_mode = 'force_generic_plan'\n"

    [finding] = run(forced).findings

    assert "plan_cache_mode is not known to be set" not in finding.guards
    assert [e.value for e in finding.evidence if e.name == "plan_cache_mode"] == [
        "force_generic_plan"
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Plan for each value: plan_cache_mode is force_generic_plan here"
    assert "`RESET plan_cache_mode` there" in steps.steps[-1]


@pytest.mark.parametrize(("rows", "count"), [(1_100, 1), (1_099, 0)])
def test_asks_for_a_thousand_rows(rows: int, count: int) -> None:
    assert len(run(scan(rows=rows)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    assert run("Result  (cost=0..1 rows=1 width=8)").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
