"""repeated-index-passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.backends import ConnectionCount, RunningVacuum
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    Outcome,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    oid_of,
    table_activity,
)
from pgadvisor.units import GiB, MiB
from tests.rules.changes import changes, manual, up

RULE = "repeated-index-passes"
EVENTS = a_table("events", "id bigint not null", rows=100_000_000)
KEY = replace(an_index(EVENTS, "id"), size_bytes=2 * GiB)
AGAIN = RunningVacuum(
    table_oid=EVENTS.oid,
    phase="scanning heap",
    total_blocks=1_000,
    scanned_blocks=400,
    index_passes=1,
)
READY = replace(AGAIN, scanned_blocks=1_000)
OWN = Setting(
    name="autovacuum_work_mem",
    value="-1",
    unit="kB",
    boot_value="-1",
    context="sighup",
    value_type="integer",
    min_value="-1",
    max_value="2147483647",
)
COMMON = Setting(name="maintenance_work_mem", value="65536", unit="kB")
WORKERS = Setting(name="autovacuum_max_workers", value="3")


def run(
    *running: RunningVacuum,
    dead_rows: int = 20_000_000,
    own: Setting = OWN,
    version_num: int = 160_004,
    memory_bytes: int | None = 64 * GiB,
) -> Outcome:
    return diagnose(
        RULE,
        a_snapshot(
            EVENTS,
            KEY,
            table_activity(EVENTS, dead_rows=dead_rows),
            own,
            COMMON,
            WORKERS,
            running_vacuums=running or (AGAIN,),
            version_num=version_num,
        ),
        machine=Machine(memory_bytes=memory_bytes),
    )


def test_reports_a_vacuum_on_its_way_to_a_second_pass() -> None:
    [finding] = run().findings

    assert finding.key == "repeated-index-passes:public.events"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "Autovacuum has to read all indexes of public.events more than once: its memory was full "
        "before the table's end"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("passes through the indexes", 1),
        ("phase", "scanning heap"),
        ("indexes", 2 * GiB),
        ("dead rows", 20_000_000),
        ("memory of a worker", 64 * MiB),
    ]
    assert up(finding)[0] == "ALTER SYSTEM SET autovacuum_work_mem = '256MB'"
    assert manual(finding)[1] == "From PostgreSQL 17 on dead rows take a fraction of the memory."


@pytest.mark.parametrize(
    ("one", "count"),
    [
        pytest.param(replace(AGAIN, phase="vacuuming heap"), 1, id="before-the-end"),
        pytest.param(replace(AGAIN, scanned_blocks=999), 1, id="a-block-before-the-end"),
        pytest.param(replace(READY, phase="vacuuming indexes"), 1, id="in-its-second"),
        pytest.param(replace(READY, phase="vacuuming heap", index_passes=2), 1, id="after-two"),
        pytest.param(replace(AGAIN, index_passes=0), 0, id="before-the-first"),
        pytest.param(replace(READY, phase="vacuuming heap"), 0, id="after-its-only-one"),
        pytest.param(replace(READY, phase="cleaning up indexes"), 0, id="at-its-end"),
        pytest.param(replace(AGAIN, is_autovacuum=False), 0, id="by-hand"),
        pytest.param(replace(AGAIN, table_oid=oid_of("other")), 0, id="a-toast-table"),
    ],
)
def test_one_pass_is_what_a_vacuum_needs(one: RunningVacuum, count: int) -> None:
    assert len(run(one).findings) == count


@pytest.mark.parametrize(
    ("dead_rows", "version_num", "memory_bytes", "wanted_mib"),
    [
        pytest.param(20_000_000, 160_004, 64 * GiB, 256, id="four-times"),
        pytest.param(100_000_000, 160_004, 64 * GiB, 573, id="six-bytes-a-row"),
        pytest.param(900_000_000, 160_004, 64 * GiB, 1024, id="no-more-than-is-used"),
        pytest.param(100_000_000, 180_004, 64 * GiB, 256, id="less-since-17"),
        pytest.param(20_000_000, 160_004, 3 * GiB, 128, id="an-eighth-of-the-machine"),
    ],
)
def test_proposes_what_takes_all_dead_rows(
    dead_rows: int, version_num: int, memory_bytes: int, wanted_mib: int
) -> None:
    [finding] = run(
        dead_rows=dead_rows, version_num=version_num, memory_bytes=memory_bytes
    ).findings

    [change] = changes(finding)
    assert change.value == str(wanted_mib * 1024)
    assert change.review_reason == ""


def test_a_small_machine_has_no_more_to_give() -> None:
    [finding] = run(memory_bytes=GiB).findings

    assert changes(finding) == ()
    assert len(manual(finding)) == 2


def test_without_the_machines_memory_a_person_decides() -> None:
    [finding] = run(memory_bytes=None).findings

    assert changes(finding)[0].review_reason == (
        "each of 3 workers may take it, and how much memory the machine has is not said"
    )


def test_goes_by_the_workers_own_memory() -> None:
    [finding] = run(own=replace(OWN, value="131072")).findings

    assert finding.evidence[-1].value == 128 * MiB
    assert changes(finding)[0].value == str(512 * 1024)


def test_says_why_it_cannot_judge() -> None:
    hidden = (ConnectionCount(role="shop", state=None, count=1),)

    assert diagnose(RULE, a_snapshot(connections=hidden)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(running_vacuums=None)).reasons == (
        "vacuums are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(is_in_recovery=True)).reasons == (
        "this is a standby: its primary vacuums",
    )
    assert diagnose(RULE, a_snapshot(EVENTS, running_vacuums=(AGAIN,))).reasons == (
        "values of autovacuum_work_mem are not in the snapshot",
    )
