"""unused-logical-wal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.replication import ReplicationSlot
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WalActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity
from pgadvisor.units import GiB
from tests.rules.changes import by_hand, changes, down_by_hand, manual

RULE = "unused-logical-wal"
DAYS = 90
LEVEL = Setting(
    name="wal_level",
    value="logical",
    boot_value="replica",
    value_type="enum",
    context="postmaster",
    source="configuration file",
    enum_values=("minimal", "replica", "logical"),
    is_set_by_alter_system=False,
)
ORDERS = a_table("orders", "id bigint not null", rows=1_000_000)
PHYSICAL = ReplicationSlot(name="standby", kind="physical")
LOGICAL = ReplicationSlot(name="cdc", kind="logical", database="other")


def run(
    *,
    level: Setting | None = LEVEL,
    wal_bytes: int = DAYS * 10 * GiB,
    updates: int = DAYS * 1_000_000,
    **server: object,
) -> Outcome:
    wal = WalActivity(wal_bytes=wal_bytes, reset_at=COLLECTED_AT - timedelta(days=DAYS))
    fields = {"wal_activity": wal, **server}
    settings = () if level is None else (level,)
    counters = table_activity(ORDERS, rows_updated=updates)
    return diagnose(RULE, a_snapshot(ORDERS, counters, *settings, **fields))


def test_reports_wal_that_nobody_decodes() -> None:
    [finding] = run(replication_slots=(PHYSICAL,)).findings

    assert finding.key == "unused-logical-wal:wal_level"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert finding.summary == (
        "WAL is written for logical decoding, 10 GB a day, and no slot decodes it"
    )
    assert finding.detail == "Each of 1,000,000 updates a day writes its whole new row."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("wal_level", "logical"),
        ("logical slots", 0),
        ("WAL a day", 10 * GiB),
        ("rows updated a day", 1_000_000),
    ]
    [change] = changes(finding)
    assert change.previous_value == "logical"
    assert by_hand(finding) == ("ALTER SYSTEM SET wal_level = 'replica'",)
    assert down_by_hand(finding) == ("ALTER SYSTEM RESET wal_level",)
    assert len(manual(finding)) == 2


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(level=replace(LEVEL, value="replica")), id="another-level"),
        pytest.param(run(replication_slots=(PHYSICAL, LOGICAL)), id="a-logical-slot"),
        pytest.param(run(wal_bytes=DAYS * 10 * GiB - 1), id="less-wal"),
        pytest.param(run(updates=DAYS * 1_000_000 - 1), id="fewer-updates"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_standby_of_an_older_version_decodes_nothing() -> None:
    assert run(streaming_replica_count=1, version_num=150004).findings


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (run(level=None), "values of wal_level are not in the snapshot"),
        (
            run(is_in_recovery=True),
            "this is a standby, whose WAL is what its primary writes",
        ),
        (
            run(service_marks=("role rds_superuser",)),
            "on Amazon RDS wal_level follows from another switch",
        ),
        (run(replication_slots=None), "replication slots are not in the snapshot"),
        (
            run(streaming_replica_count=1),
            "a standby may decode, whose slots are not in the snapshot",
        ),
        (
            run(streaming_replica_count=None),
            "a standby may decode, whose slots are not in the snapshot",
        ),
        (
            run(wal_activity=None),
            "counters of WAL, which PostgreSQL 14 and later have, are not in the snapshot",
        ),
    ],
)
def test_says_why_it_cannot_judge(outcome: Outcome, reason: str) -> None:
    assert outcome.reasons == (reason,)
