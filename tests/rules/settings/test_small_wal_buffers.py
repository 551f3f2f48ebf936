"""small-wal-buffers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import SettingEffect
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WalActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB
from tests.rules.changes import by_hand, changes

RULE = "small-wal-buffers"
DAYS = 10
SETTING = Setting(
    name="wal_buffers",
    value="2048",
    unit="8kB",
    value_type="integer",
    context="postmaster",
    source="override",
)
BLOCK = Setting(name="wal_block_size", value="8192", value_type="integer", context="internal")
WRITTEN = WalActivity(
    full_buffers=DAYS * 86_400,
    wal_bytes=DAYS * 50 * GiB,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)


def run(
    written: WalActivity | None = WRITTEN,
    setting: Setting = SETTING,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    return diagnose(RULE, a_snapshot(setting, BLOCK, wal_activity=written, **fields))


def test_reports_buffers_that_are_full_once_a_second() -> None:
    [finding] = run().findings

    assert finding.key == "small-wal-buffers:wal_buffers"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "The buffers of WAL were full 86,400 times a day, and were written by whoever came then"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("times that the buffers were full", 864_000),
        ("WAL a day", "50 GB"),
        ("counted for", 10.0),
        ("wal_buffers", 2_048),
    ]
    [change] = changes(finding)
    assert (change.value, change.previous_value) == ("8192", "2048")
    assert change.effect is SettingEffect.RESTART
    assert by_hand(finding)[0] == "ALTER SYSTEM SET wal_buffers = '64MB'"


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(replace(WRITTEN, full_buffers=DAYS * 86_400 - 1)), id="once-less"),
        pytest.param(run(setting=replace(SETTING, value="8192")), id="64-MB"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_little_less_than_64_mb_is_small() -> None:
    assert len(run(setting=replace(SETTING, value="8191")).findings) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == ("counters of WAL are not in the snapshot",)
    assert run(replace(WRITTEN, reset_at=None)).reasons == (
        "nobody knows since when the server counts",
    )
    assert run(is_in_recovery=True).reasons == (
        "this is a standby, which writes the WAL of its primary",
    )
    assert diagnose(RULE, a_snapshot(wal_activity=WRITTEN)).reasons == (
        "values of wal_buffers are not in the snapshot",
    )
