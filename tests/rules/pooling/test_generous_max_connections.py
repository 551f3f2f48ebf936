"""generous-max-connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.backends import ConnectionCount
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity

ORDERS = a_table("orders")
WITNESS = table_activity(ORDERS, last_vacuum=COLLECTED_AT - timedelta(days=90))
"""Counters whose reset nobody knows are at least as old."""
RULE = "generous-max-connections"
DAYS = 10
DAY_MS = 86_400_000.0
MAX = Setting(name="max_connections", value="500", source="configuration file")
IDLE = ConnectionCount(role="shop", state="idle", count=149)


def run(
    connections: ConnectionCount = IDLE, setting: Setting = MAX, average: float | None = 100.0
) -> Outcome:
    time_ms = None if average is None else average * DAYS * DAY_MS
    snapshot = a_snapshot(
        setting,
        connections=(connections,),
        activity=DatabaseActivity(session_time_ms=time_ms),
        statistics_age_days=float(DAYS),
    )
    return diagnose(RULE, snapshot)


def test_reports_five_hundred_of_which_hardly_a_third_is_taken() -> None:
    [finding] = run().findings

    assert finding.key == "generous-max-connections:max_connections"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert finding.summary == "149 of 500 allowed connections are taken"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("connections now", 149),
        ("connections on average", 100.0),
        ("max_connections", 500),
    ]


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(setting=replace(MAX, value="499")), id="one-less-allowed"),
        pytest.param(run(replace(IDLE, count=150)), id="one-more-taken"),
        pytest.param(run(average=150.0), id="more-taken-on-average"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_goes_by_the_moment_where_sessions_are_not_counted() -> None:
    [finding] = run(average=None).findings

    assert len(finding.evidence) == 2


def test_says_why_it_cannot_judge() -> None:
    assert run(replace(IDLE, state=None)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(MAX, connections=None)).reasons == (
        "connections are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot()).reasons == (
        "values of max_connections are not in the snapshot",
    )
    [young] = diagnose(RULE, a_snapshot(MAX, statistics_age_days=6.5)).reasons
    assert young.startswith("statistics cover 6.5 days, 7 days are needed")


def test_goes_by_the_moment_where_nobody_knows_how_long_sessions_were_counted() -> None:
    snapshot = a_snapshot(
        *(ORDERS, WITNESS, MAX),
        connections=(IDLE,),
        activity=DatabaseActivity(session_time_ms=1e15),
        statistics_age_days=None,
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert len(finding.evidence) == 2
