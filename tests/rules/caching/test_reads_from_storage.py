"""reads-from-storage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "reads-from-storage"
ORDERS = a_table("orders")
TIMED = Setting(name="track_io_timing", value="on")
BUFFERS = Setting(name="shared_buffers", value="16384", unit="8kB")
READ = DatabaseActivity(blocks_hit=980, blocks_read=20)
# 90,000 calls of 10 ms, a fifth of which goes into 90,000 reads of 2 ms.
FIND = a_statement(
    "select * from orders where note = $1",
    mean_time_ms=10,
    shared_blocks_read=90_000,
    block_read_time_ms=180_000,
)


def run(
    *objects: SnapshotPart, activity: DatabaseActivity = READ, timing: Setting = TIMED
) -> Outcome:
    given = (ORDERS, timing, BUFFERS, *(objects or (FIND,)))
    return diagnose(RULE, a_snapshot(*given, activity=activity))


def test_reports_what_reads_take() -> None:
    counters = table_activity(ORDERS, heap_blocks_read=5)

    [finding] = run(FIND, counters).findings

    assert finding.key == "reads-from-storage:shop"
    assert finding.summary == (
        "20 % of all execution time is spent reading blocks, 2 ms each; 98 % are found in "
        "shared_buffers"
    )
    assert finding.detail == ""
    assert finding.statement_ids == (FIND.id,)
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("blocks found in shared_buffers", 0.98),
        ("time spent reading", 0.2),
        ("time of a block", 2.0),
        (f"share of the reads of {FIND.id}", "100 %"),
        ("read of public.orders", 40_960),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "give shared_buffers (128 MB) more, or the machine" in steps.steps[-1]


def test_tells_reads_out_of_the_operating_system_s_cache() -> None:
    fast = replace(FIND, shared_blocks_read=1_800_001)

    [finding] = run(fast).findings

    assert finding.detail == "At that speed they come out of the operating system's cache."
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "it spares a copy, not a read" in steps.steps[-1]
    [slower] = run(replace(FIND, shared_blocks_read=1_800_000)).findings
    assert slower.detail == ""


@pytest.mark.parametrize(("hit", "count"), [(989, 1), (990, 0)])
def test_leaves_alone_what_is_found_in_the_cache(hit: int, count: int) -> None:
    activity = DatabaseActivity(blocks_hit=hit, blocks_read=1_000 - hit)

    assert len(run(activity=activity).findings) == count


@pytest.mark.parametrize(("read_ms", "count"), [(180_000, 1), (179_999, 0)])
def test_leaves_alone_reads_that_take_little_time(read_ms: float, count: int) -> None:
    assert len(run(replace(FIND, block_read_time_ms=read_ms)).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(90 * 24, 1), (90 * 24 - 1, 0)])
def test_leaves_out_what_runs_less_than_once_an_hour(calls: int, count: int) -> None:
    report = replace(FIND, calls=calls, total_time_ms=180_000)

    assert len(run(report).findings) == count


def test_a_database_that_nobody_asks_for_blocks_is_clear() -> None:
    assert run(activity=DatabaseActivity()).is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(timing=replace(TIMED, value="off")).reasons == (
        "track_io_timing is off, so nobody knows what reads take",
    )
    assert diagnose(RULE, a_snapshot(ORDERS, FIND)).reasons == (
        "the setting track_io_timing is not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(ORDERS, TIMED)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
