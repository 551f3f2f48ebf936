"""unprepared-statements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose

RULE = "unprepared-statements"
DAYS = 10
CALLS = DAYS * 8_640_000
TRACKING = Setting(name="pg_stat_statements.track_planning", value="on")
ORDERS = a_table("orders", "id bigint not null", "total numeric")
LOOKUP = a_statement(
    "select total from orders where id = $1",
    calls=CALLS,
    mean_time_ms=0.07,
    planning_time_ms=CALLS * 0.03,
    roles=("shop",),
)


def run(*statements: Statement, tracking: Setting = TRACKING, days: float | None = DAYS) -> Outcome:
    snapshot = a_snapshot(ORDERS, statements or (LOOKUP,), tracking, statistics_age_days=days)
    return diagnose(RULE, snapshot)


def test_reports_look_ups_that_are_planned_each_time() -> None:
    [finding] = run().findings

    assert finding.key == "unprepared-statements:shop"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "shop runs 8,640,000 short statements a day that are planned anew each time: 30 % of all "
        "time is their planning"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("calls a day", 8_640_000),
        ("planning a call", "0.03 ms"),
        ("execution a call", "0.07 ms"),
        ("share of planning in all time", 0.3),
    ]
    assert finding.statement_ids == (LOOKUP.id,)


def test_statements_of_a_role_count_together() -> None:
    half = replace(LOOKUP, calls=CALLS // 2, planning_time_ms=CALLS * 0.04)
    other = replace(half, id="other", text="select id from orders where total = $1")

    [finding] = run(half, other).findings
    assert finding.evidence[0].value == 8_640_000
    assert run(half, replace(other, roles=("jobs",))).is_clear


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(LOOKUP, calls=CALLS - 10), id="a-call-a-day-less"),
        pytest.param(replace(LOOKUP, planning_time_ms=CALLS * 0.0299), id="less-planning"),
        pytest.param(
            replace(LOOKUP, planning_time_ms=CALLS * 5.1, total_time_ms=0.0), id="long-to-plan"
        ),
        pytest.param(replace(LOOKUP, is_top_level=False), id="within-a-function"),
    ],
)
def test_leaves_alone(statement: Statement) -> None:
    assert run(statement).is_clear


@pytest.mark.parametrize(("total_ms", "count"), [(CALLS * 0.5, 1), (CALLS * 0.501, 0)])
def test_a_twentieth_of_the_workload_counts(total_ms: float, count: int) -> None:
    report = a_statement(
        "select sum(total) from orders", calls=10, roles=("boss",), total_time_ms=total_ms
    )

    assert len(run(LOOKUP, report).findings) == count


def test_says_why_it_cannot_judge() -> None:
    assert run(tracking=replace(TRACKING, value="off")).reasons == (
        "pg_stat_statements.track_planning is off, so the time of planning is not counted",
    )
    assert diagnose(RULE, a_snapshot(ORDERS, LOOKUP)).reasons == (
        "pg_stat_statements.track_planning is not in the snapshot",
    )
    assert run(days=None).reasons == (
        (
            "nobody knows how often statements run: taken to be that of the table counters: before "
            "PostgreSQL 14 pg_stat_statements does not say when it was reset"
        ),
    )
