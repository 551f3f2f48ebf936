"""sort-on-disk."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.server import Setting
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    diagnose,
    executed,
)
from tests.rules.changes import changes, manual, up

RULE = "sort-on-disk"
TEXT = "select * from orders order by note"
PLAN = f"""\
Query Text: {TEXT}
Sort  (cost=9..10 rows=60000 width=150) (actual time=300.000..400.000 rows=60000 loops=1)
  Sort Key: note
  Sort Method: external merge  Disk: 9216kB
  Buffers: temp read=1160 written=1160
  I/O Timings: temp read=90.000 write=110.000
  ->  Seq Scan on orders  (cost=0..9 rows=60000 width=150) \
(actual time=0.000..100.000 rows=60000 loops=1)
Execution Time: 420.000 ms
"""
WORK_MEM = Setting(name="work_mem", value="4096", unit="kB", value_type="integer")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("reports",))


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def figure(finding: Finding, name: str) -> object:
    return next(each.value for each in finding.evidence if each.name == name)


def test_reports_a_sort_that_goes_to_disk() -> None:
    [finding] = run().findings

    assert finding.subject == "Sort"
    assert finding.summary == "Sort writes 9 MB to disk and takes 300 ms by itself"
    assert finding.detail == (
        "It sorts 60,000 rows of about 157 bytes at a time.  Its pieces are merged once, which is "
        "no slower than one large sort in memory."
    )
    assert finding.impact.bound_ms == 200.0
    assert finding.severity is Severity.WARNING
    assert figure(finding, "time of reading and writing files") == 200.0
    assert finding.nodes == (0,)
    assert figure(finding, "memory needed at most") == 9_216 * 1_024 + 60_000 * 16 + 24 * 65_536
    assert "SET LOCAL work_mem = '16MB'" in manual(finding)[-1]


def test_gives_the_memory_to_the_role_that_runs_it() -> None:
    [finding] = run(PLAN, WORK_MEM, STATEMENT).findings

    assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET work_mem = \'16MB\'',)
    [change] = changes(finding)
    assert change.review_reason.startswith("each sort and hash of each session")
    assert figure(finding, "work_mem") == 4 * 1_024 * 1_024


def test_the_plan_tells_its_own_work_mem() -> None:
    [finding] = run(f"{PLAN}Settings: work_mem = '64kB'\n", WORK_MEM).findings

    assert figure(finding, "work_mem") == 65_536


def test_rows_take_twice_the_room_before_15() -> None:
    old = a_snapshot(version_num=140_000)

    [finding] = diagnose(RULE, old, executions=executed(PLAN)).findings

    assert figure(finding, "memory needed at most") == 2 * (9_216 * 1_024 + 60_000 * 40) + (
        24 * 65_536
    )


UNTIMED = PLAN.replace("  I/O Timings: temp read=90.000 write=110.000\n", "")
TWICE = PLAN.replace("temp read=1160", "temp read=2320")


def test_pieces_that_are_merged_again_want_as_much_memory_as_merges_them_at_once() -> None:
    [finding] = run(TWICE).findings

    assert finding.detail.endswith(
        "Its pieces are merged more than once, and with a little more memory they would not."
    )
    needed = math.sqrt((9_216 * 1_024 + 60_000 * 16 + 24 * 65_536) * 272 * 1_024)
    assert figure(finding, "memory to merge the pieces once") == round(needed)
    assert "SET LOCAL work_mem = '2MB'" in manual(finding)[-1]
    # One of about two passes, and as much again for what goes through it.
    passes = 2_320 * 8_192 / (9_216 * 1_024)
    assert finding.impact.bound_ms == pytest.approx(2 * 200 * (1 - 1 / passes))


def test_a_merge_is_given_more_memory_than_it_has() -> None:
    [finding] = run(TWICE, WORK_MEM, STATEMENT).findings

    assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET work_mem = \'8MB\'',)


@pytest.mark.parametrize(("read", "name"), [(1_727, "needed at most"), (1_728, "to merge")])
def test_the_files_were_read_half_as_often_again(read: int, name: str) -> None:
    [finding] = run(PLAN.replace("temp read=1160", f"temp read={read}")).findings

    assert any(name in each.name for each in finding.evidence)


def test_where_no_file_was_timed_they_are_taken_for_a_share_of_the_sort() -> None:
    [finding] = run(UNTIMED, WORK_MEM, STATEMENT).findings

    assert finding.impact.bound_ms == pytest.approx(0.3 * 300)
    assert finding.severity is Severity.INFO
    assert changes(finding) == ()


def test_few_blocks_cannot_have_taken_long() -> None:
    [finding] = run(UNTIMED.replace("read=1160 written=1160", "read=400 written=400")).findings

    assert finding.impact.bound_ms == pytest.approx(800 * 0.05)


@pytest.mark.parametrize(("write", "severity"), [("42.0", "warning"), ("41.9", "info")])
def test_a_third_of_the_time_is_a_warning(write: str, severity: str) -> None:
    [finding] = run(PLAN.replace("write=110.000", f"write={write}")).findings

    assert finding.severity is Severity(severity)


def test_divides_the_ceiling_by_the_processes() -> None:
    parallel = PLAN.replace(
        "Sort  (cost",
        "Gather Merge  (cost=9..10 rows=9 width=9) (actual time=300.000..450.000 "
        "rows=60000 loops=1)\n  Workers Planned: 1\n  Workers Launched: 1\n  ->  Sort  (cost",
        1,
    )
    parallel = "\n".join(
        line if not line.startswith("  Sort") else f"    {line}" for line in parallel.splitlines()
    ).replace("  ->  Seq Scan", "        ->  Seq Scan")
    parallel = parallel.replace(
        "rows=60000 loops=1)\n      Sort", "rows=30000 loops=2)\n      Sort"
    )
    parallel = parallel.replace("100.000 rows=60000 loops=1", "100.000 rows=30000 loops=2")

    [finding] = run(parallel).findings

    assert figure(finding, "largest work_mem that is proposed") == 256 * 1_024 * 1_024
    assert figure(finding, "rows of one sort") == 30_000


def test_a_cache_that_was_told_bounds_what_is_proposed() -> None:
    cache = Setting(
        name="effective_cache_size", value="8192", unit="8kB", source="configuration file"
    )

    [finding] = run(PLAN, WORK_MEM, STATEMENT, cache).findings

    assert changes(finding) == ()
    assert (
        "more than 8 MB (an eighth of effective_cache_size) is not proposed"
        in (manual(finding)[-1])
    )


def test_an_incremental_sort_tells_its_largest_group() -> None:
    incremental = PLAN.replace("Sort  (cost", "Incremental Sort  (cost").replace(
        "  Sort Method: external merge  Disk: 9216kB",
        "  Presorted Key: id\n  Full-sort Groups: 2  Sort Method: external merge  Average Disk: "
        "2048kB  Peak Disk: 3072kB",
    )

    [finding] = run(incremental).findings

    assert figure(finding, "written to disk by one sort") == 3_072 * 1_024


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(
            PLAN.replace("external merge  Disk: 9216kB", "quicksort  Memory: 9216kB"),
            id="in memory",
        ),
        pytest.param(
            PLAN.replace("external merge  Disk: 9216kB", "top-N heapsort  Memory: 29kB"),
            id="the first rows only",
        ),
        pytest.param(PLAN.replace(TEXT, f"create table copy as {TEXT}"), id="maintenance"),
        pytest.param(
            PLAN.replace("read=90.000 write=110.000", "read=9.000 write=10.000"), id="fast files"
        ),
        pytest.param(
            PLAN.replace("0.000..100.000", "0.000..5000.000").replace("..400.0", "..5300.0"),
            id="its input takes the time",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("size", "count"), [(1_024, 1), (1_023, 0)])
def test_asks_for_a_megabyte(size: int, count: int) -> None:
    assert len(run(PLAN.replace("9216kB", f"{size}kB")).findings) == count


@pytest.mark.parametrize(("written", "count"), [("9.000", 1), ("8.999", 0)])
def test_asks_for_a_time_of_its_files(written: str, count: int) -> None:
    timed = f"read=11.000 write={written}"  # a twentieth of 400 ms

    assert len(run(PLAN.replace("read=90.000 write=110.000", timed)).findings) == count


@settings(max_examples=20)
@given(size=st.integers(1_024, 10**9), rows=st.integers(1, 10**9))
def test_never_proposes_more_than_its_ceiling(size: int, rows: int) -> None:
    plan = PLAN.replace("9216kB", f"{size}kB").replace("rows=60000 loops", f"rows={rows} loops")

    [finding] = run(plan, WORK_MEM, STATEMENT).findings

    assert all(int(change.value) <= 512 * 1_024 for change in changes(finding))
    assert "ALTER SYSTEM" not in " ".join(manual(finding))


def test_of_two_plans_of_a_statement_the_worst_is_told() -> None:
    [finding] = run(PLAN + PLAN.replace("read=90.000", "read=100.000")).findings

    assert (finding.execution, finding.impact.bound_ms) == (1, 210.0)


def test_cannot_judge_what_has_no_times() -> None:
    plan = PLAN.replace("time=300.000..400.000 ", "").replace("time=0.000..100.000 ", "")

    assert run(plan).reasons == (
        "the plan has no times: use EXPLAIN (ANALYZE, BUFFERS), without TIMING OFF",
    )
