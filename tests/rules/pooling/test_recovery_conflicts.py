"""recovery-conflicts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity

ORDERS = a_table("orders")
WITNESS = table_activity(ORDERS, last_vacuum=COLLECTED_AT - timedelta(days=90))
"""Counters whose reset nobody knows are at least as old."""
RULE = "recovery-conflicts"
DAYS = 10.0
FEEDBACK = Setting(name="hot_standby_feedback", value="off", value_type="bool")
DELAY = Setting(name="max_standby_streaming_delay", value="30000", unit="ms", value_type="integer")
COUNTED = DatabaseActivity(
    conflicts=100, snapshot_conflicts=60, lock_conflicts=40, buffer_pin_conflicts=0
)


def run(
    activity: DatabaseActivity = COUNTED,
    feedback: Setting = FEEDBACK,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    given = {"statistics_age_days": DAYS, "is_in_recovery": True, **fields}
    return diagnose(RULE, a_snapshot(feedback, DELAY, activity=activity, **given))


def steps_of(finding: Finding) -> tuple[str, ...]:
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_ten_cancelled_statements_a_day() -> None:
    [finding] = run().findings

    assert finding.key == "recovery-conflicts:shop"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "The standby cancels 10 statements a day in favour of recovery"
    assert finding.detail == "Most of them over rows that the primary has removed."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("statements cancelled a day", 10.0),
        ("counted for", 10.0),
        ("over rows that the primary has removed", 60),
        ("over locks of the primary", 40),
        ("hot_standby_feedback", "off"),
        ("max_standby_streaming_delay", "30000"),
    ]
    assert steps_of(finding)[0].startswith("`ALTER SYSTEM SET hot_standby_feedback = on`")
    assert "vacuum_truncate = off" in steps_of(finding)[2]


def test_leaves_alone_fewer() -> None:
    assert run(replace(COUNTED, conflicts=99)).is_clear


@pytest.mark.parametrize(
    ("activity", "feedback"),
    [
        (COUNTED, replace(FEEDBACK, value="on")),
        (replace(COUNTED, snapshot_conflicts=0), FEEDBACK),
    ],
)
def test_proposes_feedback_only_where_it_helps(
    activity: DatabaseActivity, feedback: Setting
) -> None:
    [finding] = run(activity, feedback).findings

    assert not any("SET hot_standby_feedback" in step for step in steps_of(finding))


def test_a_primary_without_standbys_has_no_conflicts() -> None:
    assert run(is_in_recovery=False).is_clear


@pytest.mark.parametrize("count", [1, None])
def test_a_primary_says_nothing_of_its_standbys(count: int | None) -> None:
    outcome = run(is_in_recovery=False, streaming_replica_count=count)

    assert outcome.reasons == (
        "conflicts are counted on standbys, and this is a primary: run on them too",
    )


def test_cannot_judge_a_few_days() -> None:
    [reason] = run(statistics_age_days=6.5).reasons

    assert reason.startswith("statistics cover 6.5 days, 7 days are needed")


def test_cannot_tell_a_rate_over_a_time_that_nobody_knows() -> None:
    snapshot = a_snapshot(
        ORDERS, WITNESS, activity=COUNTED, is_in_recovery=True, statistics_age_days=None
    )

    assert diagnose(RULE, snapshot).reasons == (
        "nobody knows how long conflicts have been counted",
    )
