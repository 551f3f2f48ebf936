"""slot-retaining-wal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.replication import ReplicationSlot
from pgadvisor.model.server import Setting
from pgadvisor.testing import a_snapshot, diagnose
from pgadvisor.units import GiB

RULE = "slot-retaining-wal"
HOUR_MS = 3_600_000.0
GONE = ReplicationSlot(name="old_standby", wal_status="extended", retained_bytes=1 * GiB)
SLOW = replace(GONE, is_active=True, retained_bytes=10 * GiB)
NO_CAP = Setting(name="max_slot_wal_keep_size", value="-1", unit="MB", value_type="integer")


def run(*slots: ReplicationSlot, cap: Setting = NO_CAP) -> tuple[Finding, ...]:
    return diagnose(RULE, a_snapshot(cap, replication_slots=slots)).findings


def steps_of(finding: Finding) -> tuple[str, ...]:
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_slot_that_nobody_reads() -> None:
    [finding] = run(GONE)

    assert finding.key == "slot-retaining-wal:old_standby"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "Nobody reads from the slot old_standby, for which 1 GB of WAL are kept"
    )
    assert finding.detail == (
        "max_slot_wal_keep_size is not set, so that it may grow until the disk is full."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("WAL kept", 1 * GiB),
        ("active", False),
        ("kind", "physical"),
        ("WAL status", "extended"),
        ("max_slot_wal_keep_size", "-1"),
    ]
    assert steps_of(finding)[1] == (
        "If nobody will read from it again: `SELECT pg_drop_replication_slot('old_standby')`. "
        "It cannot be undone."
    )
    assert finding.impact.freed_bytes == 1 * GiB


@pytest.mark.parametrize(
    "slot",
    [
        pytest.param(replace(GONE, retained_bytes=GiB - 1), id="keeps-a-byte-too-little"),
        pytest.param(replace(SLOW, retained_bytes=10 * GiB - 1), id="reader-a-byte-too-near"),
        pytest.param(replace(GONE, retained_bytes=None), id="reserves-nothing"),
        pytest.param(replace(GONE, inactive_time_ms=HOUR_MS - 1), id="reader-is-restarted"),
        pytest.param(replace(GONE, is_temporary=True), id="temporary"),
    ],
)
def test_leaves_alone(slot: ReplicationSlot) -> None:
    assert diagnose(RULE, a_snapshot(NO_CAP, replication_slots=(slot,))).is_clear


def test_tells_how_long_nobody_has_read_where_the_server_knows() -> None:
    [finding] = run(replace(GONE, inactive_time_ms=HOUR_MS))

    assert finding.summary.startswith("Nobody reads from the slot old_standby for 60 min, ")


def test_reports_a_reader_that_is_far_behind() -> None:
    [finding] = run(SLOW)

    assert finding.summary == "The reader of the slot old_standby is 10 GB of WAL behind"
    assert finding.impact.freed_bytes is None


@pytest.mark.parametrize(
    ("status", "summary"),
    [
        (
            "lost",
            "The slot old_standby is of no use any more: WAL that its reader needs is gone",
        ),
        (
            "unreserved",
            "The slot old_standby is about to lose WAL that its reader needs, 5 kB behind",
        ),
    ],
)
def test_reports_slots_in_danger_however_little_they_keep(status: str, summary: str) -> None:
    [finding] = run(replace(GONE, wal_status=status, retained_bytes=5_120))

    assert finding.summary == summary
    assert finding.impact.risk == "its reader has to start anew"


def test_tells_when_a_cap_gives_the_slot_up() -> None:
    [finding] = run(replace(GONE, safe_bytes=2 * GiB), cap=replace(NO_CAP, value="3072"))

    assert finding.detail == (
        "After 2 GB more of WAL the slot is given up, by max_slot_wal_keep_size."
    )
    assert len(steps_of(finding)) == 2


def test_cannot_judge_without_slots_or_on_a_standby() -> None:
    assert diagnose(RULE, a_snapshot(replication_slots=None)).reasons == (
        "replication slots are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(replication_slots=(GONE,), is_in_recovery=True)).reasons == (
        "this is a standby, whose slots may be copies that its primary advances",
    )


def test_gives_up_idle_slots_where_the_server_can() -> None:
    idle = Setting(name="idle_replication_slot_timeout", value="0", unit="s")

    def steps(slot: ReplicationSlot, setting: Setting) -> str:
        [finding] = diagnose(RULE, a_snapshot(NO_CAP, setting, replication_slots=(slot,))).findings
        return " ".join(steps_of(finding))

    told = "`ALTER SYSTEM SET idle_replication_slot_timeout = '2d'`"
    assert told in steps(GONE, idle)
    assert told not in steps(SLOW, idle)
    assert told not in steps(GONE, replace(idle, value="86400"))
