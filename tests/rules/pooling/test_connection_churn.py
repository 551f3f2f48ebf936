"""connection-churn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.server import DatabaseActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity

ORDERS = a_table("orders")
WITNESS = table_activity(ORDERS, last_vacuum=COLLECTED_AT - timedelta(days=90))
"""Counters whose reset nobody knows are at least as old."""
RULE = "connection-churn"
DAYS = 10
SESSIONS = DAYS * 86_400
CHURN = DatabaseActivity(
    sessions=SESSIONS,
    session_time_ms=SESSIONS * 200.0,
    commits=SESSIONS * 3 - 100,
    rollbacks=100,
    sessions_abandoned=5,
)


def run(activity: DatabaseActivity, age_days: float | None = DAYS) -> Outcome:
    return diagnose(RULE, a_snapshot(activity=activity, statistics_age_days=age_days))


def test_reports_a_connection_a_second() -> None:
    [finding] = run(CHURN).findings

    assert finding.key == "connection-churn:shop"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "86,400 connections a day are opened for 200 ms each, on average"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("sessions a day", 86_400),
        ("length of a session", 200.0),
        ("transactions of a session", 3.0),
        ("abandoned by their client", 5),
    ]


@pytest.mark.parametrize(
    "activity",
    [
        pytest.param(replace(CHURN, sessions=SESSIONS - 1), id="one-too-few"),
        pytest.param(replace(CHURN, session_time_ms=SESSIONS * 60_000.0), id="of-a-minute"),
        pytest.param(replace(CHURN, commits=SESSIONS * 10), id="of-ten-transactions"),
        pytest.param(replace(CHURN, sessions=0, session_time_ms=0.0), id="none"),
    ],
)
def test_leaves_alone(activity: DatabaseActivity) -> None:
    assert run(activity).is_clear


def test_nearly_a_minute_and_nearly_ten_transactions_are_short() -> None:
    nearly = replace(
        CHURN, session_time_ms=SESSIONS * 59_999.0, commits=SESSIONS * 10 - 101, rollbacks=100
    )

    assert len(run(nearly).findings) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(DatabaseActivity()).reasons == (
        "sessions are not counted: PostgreSQL 14 began to do so",
    )
    [young] = run(CHURN, 6.5).reasons
    [unknown] = run(CHURN, None).reasons
    assert young.startswith("statistics cover 6.5 days, 7 days are needed")
    assert unknown.startswith("nobody knows how long the counters run")


def test_cannot_tell_a_rate_over_a_time_that_nobody_knows() -> None:
    snapshot = a_snapshot(ORDERS, WITNESS, activity=CHURN, statistics_age_days=None)

    assert diagnose(RULE, snapshot).reasons == (
        "nobody knows how long the sessions have been counted",
    )
