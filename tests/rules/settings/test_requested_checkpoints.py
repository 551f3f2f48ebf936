"""requested-checkpoints."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.config import GateLimits
from pgadvisor.model.action import ChangeSetting, SettingScope
from pgadvisor.model.finding import Confidence, Finding, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WalActivity, WriteActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from pgadvisor.units import MiB

RULE = "requested-checkpoints"
SIZE = Setting(
    name="max_wal_size",
    value="1024",
    unit="MB",
    source="configuration file",
    boot_value="1024",
    context="sighup",
    value_type="integer",
    min_value="2",
    max_value="2147483647",
)
TARGET = Setting(name="checkpoint_completion_target", value="0.6", value_type="real")
TIMEOUT = Setting(name="checkpoint_timeout", value="300", unit="s", value_type="integer")
DAYS = 10
WEEK_AGO = COLLECTED_AT - timedelta(days=7)
COUNTED = WriteActivity(
    timed_checkpoints=480,
    requested_checkpoints=120,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)
WAL = WalActivity(wal_bytes=60 * 640 * MiB, reset_at=COUNTED.reset_at)
"""Enough for sixty: each is asked for at 1024 MB / 1.6."""


def run(
    counted: WriteActivity | None = COUNTED,
    wal: WalActivity | None = WAL,
    size: Setting = SIZE,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    settings = (size, TARGET, TIMEOUT)
    return diagnose(RULE, a_snapshot(*settings, write_activity=counted, wal_activity=wal, **fields))


def change_of(finding: Finding) -> ChangeSetting:
    [change] = [action for action in finding.remedies if isinstance(action, ChangeSetting)]
    return change


def test_reports_checkpoints_that_come_before_their_time() -> None:
    [finding] = run().findings

    assert finding.key == "requested-checkpoints:max_wal_size"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == "20 % of the checkpoints come before their time: 12 a day"
    assert finding.detail == "3.75 GB of WAL are written a day, on average."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("requested checkpoints", 120),
        ("share of all checkpoints", 0.2),
        ("counted for", 10.0),
        ("WAL a day", 6 * 640 * MiB),
        ("max_wal_size", 1024 * MiB),
    ]
    change = change_of(finding)
    assert (change.name, change.value, change.unit) == ("max_wal_size", "2048", "MB")
    assert (change.previous_value, change.previous_source) == ("1024", "configuration file")
    assert change.review_reason == "see first that the disk of WAL has twice 2 GB of room"


@pytest.mark.parametrize(
    "counted",
    [
        pytest.param(replace(COUNTED, timed_checkpoints=481), id="one-timed-more"),
        pytest.param(
            replace(COUNTED, timed_checkpoints=0, requested_checkpoints=119), id="too-few-a-day"
        ),
        pytest.param(replace(COUNTED, timed_checkpoints=0, requested_checkpoints=0), id="none"),
    ],
)
def test_leaves_alone(counted: WriteActivity) -> None:
    assert run(counted).is_clear


@pytest.mark.parametrize(("requested", "count"), [(50, 1), (49, 0)])
def test_those_of_one_load_are_too_few_however_short_the_time(requested: int, count: int) -> None:
    hour_ago = COLLECTED_AT - timedelta(hours=1)
    counted = replace(COUNTED, requested_checkpoints=requested, reset_at=hour_ago)
    snapshot = a_snapshot(
        *(SIZE, TARGET, TIMEOUT),
        write_activity=replace(counted, timed_checkpoints=0),
        wal_activity=replace(WAL, reset_at=hour_ago),
    )

    outcome = diagnose(RULE, snapshot, gates=GateLimits(usage_window_days=0))

    assert len(outcome.findings) == count


def test_wal_has_to_explain_half_of_them() -> None:
    assert run(wal=replace(WAL, wal_bytes=WAL.wal_bytes - 1)).is_clear


def test_much_wal_asks_for_more_than_twice_the_size() -> None:
    # 288 intervals of five minutes a day: 2 GiB each, at peak twice that, and 1.6 times that.
    busy = replace(WAL, wal_bytes=DAYS * 288 * 2048 * MiB)

    [finding] = run(wal=busy).findings

    assert change_of(finding).value == "7168"


@pytest.mark.parametrize(
    ("now", "proposed"), [("32", "1024"), ("511", "1024"), ("512", "1024"), ("600", "2048")]
)
def test_proposes_no_less_than_the_default(now: str, proposed: str) -> None:
    [finding] = run(size=replace(SIZE, value=now)).findings

    assert change_of(finding).value == proposed


@pytest.mark.parametrize(("largest", "count"), [("2048", 1), ("2047", 0)])
def test_stays_within_the_bounds_of_the_server(largest: str, count: int) -> None:
    assert len(run(size=replace(SIZE, max_value=largest)).findings) == count


def test_changes_it_where_it_is_set() -> None:
    [finding] = run(size=replace(SIZE, source="command line")).findings

    assert change_of(finding).scope is SettingScope.COMMAND_LINE


def test_is_less_sure_where_wal_is_not_counted() -> None:
    [finding] = run(wal=None).findings

    assert finding.confidence is Confidence.LOW
    assert finding.guards == ()


def test_a_week_of_counting_is_enough() -> None:
    week = replace(COUNTED, reset_at=WEEK_AGO)
    shorter = replace(COUNTED, reset_at=WEEK_AGO + timedelta(hours=12))

    assert len(run(week, replace(WAL, reset_at=WEEK_AGO)).findings) == 1
    assert run(shorter).reasons == ("the server has counted for 6.5 days, 7 days are needed",)
    assert run(wal=replace(WAL, reset_at=shorter.reset_at)).reasons == (
        "the server has counted for 6.5 days, 7 days are needed",
    )


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == ("counters of checkpoints are not in the snapshot",)
    assert run(replace(COUNTED, reset_at=None)).reasons == (
        "nobody knows since when the server counts",
    )
    assert run(is_in_recovery=True).reasons == (
        "this is a standby: its restartpoints follow the checkpoints of its primary",
    )
    assert diagnose(RULE, a_snapshot(TARGET, TIMEOUT, write_activity=COUNTED)).reasons == (
        "values of max_wal_size are not in the snapshot",
    )
