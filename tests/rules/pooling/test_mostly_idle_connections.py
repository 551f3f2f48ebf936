"""mostly-idle-connections."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import ConnectionCount
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import DatabaseActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity

ORDERS = a_table("orders")
WITNESS = table_activity(ORDERS, last_vacuum=COLLECTED_AT - timedelta(days=90))
"""Counters whose reset nobody knows are at least as old."""
RULE = "mostly-idle-connections"
IDLE = ConnectionCount(role="shop", state="idle", count=80)
ACTIVE = ConnectionCount(role="shop", state="active", count=20)
DAYS = 10
DAY_MS = 86_400_000.0
COUNTED = DatabaseActivity(
    session_time_ms=100 * DAYS * DAY_MS,
    active_time_ms=15 * DAYS * DAY_MS,
    idle_in_transaction_time_ms=5 * DAYS * DAY_MS,
)


def run(
    *connections: ConnectionCount,
    activity: DatabaseActivity = COUNTED,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    given = {"statistics_age_days": float(DAYS), "activity": activity, **fields}
    return diagnose(RULE, a_snapshot(connections=connections, **given))


def test_reports_a_hundred_connections_of_which_a_fifth_works() -> None:
    [finding] = run(IDLE, ACTIVE).findings

    assert finding.key == "mostly-idle-connections:shop"
    assert finding.severity is Severity.INFO
    assert finding.summary == "80 of 100 connections do nothing; 20.0 are busy on average"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("connections", 100),
        ("idle", 80),
        ("busy on average", 20.0),
        ("share of session time that is busy", 0.2),
        ("counted for", 10.0),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.title == "Make do with about 60 connections"


@pytest.mark.parametrize(
    "connections",
    [
        pytest.param((replace(IDLE, count=79), ACTIVE), id="one-too-few"),
        pytest.param((IDLE, replace(ACTIVE, count=21)), id="one-more-at-work"),
        pytest.param((replace(IDLE, is_in_this_database=False), ACTIVE), id="another-database"),
    ],
)
def test_leaves_alone(connections: tuple[ConnectionCount, ...]) -> None:
    assert run(*connections).is_clear


def test_leaves_alone_connections_that_were_busier_before() -> None:
    busy = replace(COUNTED, active_time_ms=COUNTED.active_time_ms + 1)  # type: ignore[operator]

    assert run(IDLE, ACTIVE, activity=busy).is_clear


def test_proposes_no_pool_of_less_than_ten() -> None:
    quiet = replace(COUNTED, active_time_ms=DAY_MS, idle_in_transaction_time_ms=0.0)

    [finding] = run(IDLE, ACTIVE, activity=quiet).findings

    assert finding.summary.endswith("; fewer than one is busy on average")
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.title == "Make do with about 10 connections"


def test_proposes_nothing_that_is_more_than_there_is() -> None:
    odd = replace(COUNTED, session_time_ms=1_000 * DAYS * DAY_MS, active_time_ms=40 * DAYS * DAY_MS)

    [finding] = run(IDLE, ACTIVE, activity=odd).findings

    assert finding.remedies == ()


def test_says_why_it_cannot_judge() -> None:
    assert run(replace(IDLE, state=None)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert run(IDLE, ACTIVE, activity=DatabaseActivity()).reasons == (
        "how long sessions were busy is not known: PostgreSQL 14 began to count it",
    )
    assert diagnose(RULE, a_snapshot(connections=None)).reasons == (
        "connections are not in the snapshot",
    )
    [reason] = run(IDLE, ACTIVE, statistics_age_days=6.5).reasons
    assert reason.startswith("statistics cover 6.5 days, 7 days are needed")


def test_cannot_average_over_a_time_that_nobody_knows() -> None:
    snapshot = a_snapshot(
        *(ORDERS, WITNESS),
        connections=(IDLE, ACTIVE),
        activity=COUNTED,
        statistics_age_days=None,
    )

    assert diagnose(RULE, snapshot).reasons == (
        "nobody knows how long the sessions have been counted",
    )
