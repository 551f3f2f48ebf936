"""decoding-on-disk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.replication import ReplicationSlot
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB, MiB
from tests.rules.changes import changes, down, manual, up

RULE = "decoding-on-disk"
SETTING = Setting(
    name="logical_decoding_work_mem",
    value="65536",
    boot_value="65536",
    unit="kB",
    value_type="integer",
    min_value="64",
    max_value="2147483647",
)
CDC = ReplicationSlot(
    name="cdc",
    kind="logical",
    spilled_transactions=100,
    spilled_bytes=10 * GiB,
    decoded_bytes=90 * GiB,
)
IDLE = ReplicationSlot(
    name="idle", kind="logical", spilled_transactions=0, spilled_bytes=0, decoded_bytes=0
)
PHYSICAL = ReplicationSlot(name="standby")


def run(
    *slots: ReplicationSlot, setting: Setting | None = SETTING, memory_bytes: int | None = None
) -> Outcome:
    settings = () if setting is None else (setting,)
    snapshot = a_snapshot(*settings, replication_slots=slots)
    return diagnose(RULE, snapshot, machine=Machine(memory_bytes=memory_bytes))


def test_reports_transactions_that_did_not_fit() -> None:
    [finding] = run(CDC, IDLE, PHYSICAL).findings

    assert finding.key == "decoding-on-disk:logical_decoding_work_mem"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "Logical decoding has written 10 GB to files, for 100 transactions that did not fit into "
        "its memory"
    )
    assert finding.detail == (
        "10 % of what it decodes goes that way, 102 MB a transaction on average."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("written to files", 10 * GiB),
        ("transactions that did not fit", 100),
        ("decoded", 100 * GiB),
        ("of slot cdc", 10 * GiB),
        ("logical_decoding_work_mem", 64 * MiB),
    ]
    # 64 MB that were full already, and a hundred more.
    assert up(finding) == (
        "ALTER SYSTEM SET logical_decoding_work_mem = '256MB'",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding)[0] == "ALTER SYSTEM RESET logical_decoding_work_mem"
    assert "streaming = on" in manual(finding)[1]


@pytest.mark.parametrize(
    ("spilled", "memory_bytes", "proposed"),
    [
        pytest.param(448 * MiB, None, ("524288",), id="just-what-a-session-may-take"),
        pytest.param(448 * MiB + 1, None, (), id="gigantic-transactions"),
        pytest.param(192 * MiB, 4 * GiB, ("262144",), id="an-eighth-for-two-slots"),
        pytest.param(192 * MiB, 4 * GiB - 16, (), id="a-smaller-machine"),
    ],
)
def test_proposes_no_more_than_can_be_given(
    spilled: int, memory_bytes: int | None, proposed: tuple[str, ...]
) -> None:
    slot = replace(CDC, spilled_bytes=spilled * 100, decoded_bytes=spilled * 100)

    [finding] = run(slot, IDLE, memory_bytes=memory_bytes).findings

    assert tuple(change.value for change in changes(finding)) == proposed
    assert manual(finding)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(), id="no-slot"),
        pytest.param(run(PHYSICAL), id="a-physical-slot"),
        pytest.param(run(replace(CDC, spilled_bytes=10 * GiB - 1)), id="little"),
        pytest.param(run(replace(CDC, decoded_bytes=90 * GiB + 10)), id="a-small-share"),
        pytest.param(run(replace(CDC, spilled_transactions=99)), id="one-load"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(ReplicationSlot(name="cdc", kind="logical")).reasons == (
        "what decoding writes to files is counted since PostgreSQL 14",
    )
    assert run(CDC, setting=None).reasons == (
        "values of logical_decoding_work_mem are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(SETTING, replication_slots=None)).reasons == (
        "replication slots are not in the snapshot",
    )
