"""jit-overhead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.server import RoleSetting, Setting, StatementsInfo
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)
from tests.rules.changes import changes, down, manual, up

RULE = "jit-overhead"
ORDERS = a_table("orders")
JIT = Setting(name="jit", value="on", value_type="bool")
BOUND = Setting(name="jit_above_cost", value="100000", value_type="real")
REPORT = a_statement(
    "select customer_id, count(*) from orders group by customer_id",
    calls=900,
    mean_time_ms=200.0,
    jit_time_ms=90_000.0,
    roles=("web",),
)


def run(*objects: SnapshotPart, **server: object) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, JIT, BOUND, *objects, **server))


def a_plan_of(cost: float) -> StatementPlan:
    root = PlanNode(node_type="Seq Scan", total_cost=cost)
    return StatementPlan(statement_id=REPORT.id, plan=Plan(root=root))


def only(outcome: Outcome) -> Finding:
    [finding] = outcome.findings
    return finding


def test_reports_statements_that_mostly_compile() -> None:
    outcome = run(REPORT)

    [finding] = outcome.findings
    assert finding.key == "jit-overhead:jit"
    assert finding.summary == (
        "Compilation takes 50 % of the time of a statement that takes less than a second "
        "(50 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert finding.impact.saved_ms_per_day == 1_000.0
    assert finding.impact.saved_ratio == 0.5
    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET jit_above_cost = 1000000',)
    assert down(finding) == ('ALTER ROLE "web" IN DATABASE "shop" RESET jit_above_cost',)


def test_takes_all_statements_together() -> None:
    other = a_statement(
        "select note from orders", mean_time_ms=1.0, jit_time_ms=80_000.0, roles=("jobs", "web")
    )

    outcome = run(REPORT, other)

    [finding] = outcome.findings
    assert "of 2 statements that take less than a second" in finding.summary
    assert finding.statement_ids == (REPORT.id, other.id)
    assert [change.role for change in changes(finding)] == ["web", "jobs"]


def test_raises_the_bound_above_the_costs_of_the_plans() -> None:
    [dear] = changes(only(run(REPORT, a_plan_of(2_345_678.0))))
    [cheap] = changes(only(run(REPORT, a_plan_of(200_000.0))))

    assert (dear.value, cheap.value) == ("10000000", "1000000")


def test_the_way_back_is_the_setting_of_the_role() -> None:
    own = RoleSetting(role="web", database="shop", name="jit_above_cost", value="1500000")
    [finding] = run(REPORT, role_settings=(own,)).findings

    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET jit_above_cost = 10000000',)
    assert down(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET jit_above_cost = 1500000',)


def test_names_no_role_where_none_is_known() -> None:
    [finding] = run(replace(REPORT, roles=())).findings

    assert changes(finding) == ()
    assert manual(finding)[1].startswith("`ALTER ROLE ... SET")


@pytest.mark.parametrize(("jit", "count"), [(36_000.0, 1), (35_999.0, 0), (0.0, 0)])
def test_asks_for_a_fifth_of_the_statement(jit: float, count: int) -> None:
    assert len(run(replace(REPORT, jit_time_ms=jit)).findings) == count


@pytest.mark.parametrize(("mean", "count"), [(999.0, 1), (1_000.0, 0)])
def test_leaves_long_statements_alone(mean: float, count: int) -> None:
    assert len(run(replace(REPORT, mean_time_ms=mean)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(198.0, 1), (198.1, 0)])
def test_asks_for_a_share_of_all_time(rest: float, count: int) -> None:
    short = replace(REPORT, total_time_ms=2.0, jit_time_ms=1.0)
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(short, other).findings) == count


def test_leaves_alone_where_it_is_off_by_now() -> None:
    snapshot = a_snapshot(ORDERS, replace(JIT, value="off"), REPORT)

    assert diagnose(RULE, snapshot).is_clear


@pytest.mark.parametrize(
    ("version", "is_counted"), [("1.10", True), ("1.9", False), ("1.12", True)]
)
def test_cannot_judge_what_is_not_counted(version: str, is_counted: bool) -> None:  # noqa: FBT001
    info = a_server().statements_info
    assert isinstance(info, StatementsInfo)

    outcome = run(REPORT, statements_info=replace(info, extension_version=version))

    assert bool(outcome.findings) is is_counted
    assert (outcome.reasons == ()) is is_counted
    if not is_counted:
        assert outcome.reasons[0].startswith("pg_stat_statements 1.9 does not count compilation")


def test_leaves_alone_what_has_no_time_of_its_own() -> None:
    assert run(replace(REPORT, total_time_ms=0.0)).is_clear


def test_cannot_judge_workload_files_alone() -> None:
    outcome = run(REPORT, statements_info=None)

    assert outcome.reasons == (
        "pg_stat_statements is not usable, and nothing else counts compilation",
    )


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
