"""kept-rows-on-disk."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "kept-rows-on-disk"
TEXT = "with o as materialized (select * from orders) select * from o where total > 900"
SCAN = """\
  CTE o
    ->  Seq Scan on orders  (cost=0..9 rows=60000 width=150) \
(actual time=0.000..50.000 rows=60000 loops=1)
          Buffers: shared hit=1500
"""
PLAN = f"""\
Query Text: {TEXT}
CTE Scan on o  (cost=9..20 rows=900 width=150) (actual time=1.000..150.000 rows=6000 loops=1)
  Filter: (total > 900)
  Rows Removed by Filter: 54000
  Storage: Disk  Maximum Storage: 9216kB
  Buffers: shared hit=1500, temp read=1152 written=1152
{SCAN}\
Execution Time: 160.000 ms
"""
MATERIALIZE = """\
Nested Loop  (cost=9..20 rows=9 width=8) (actual time=1.000..300.000 rows=6000 loops=1)
  ->  Seq Scan on a  (cost=0..9 rows=5 width=8) (actual time=0.000..1.000 rows=5 loops=1)
  ->  Materialize  (cost=0..9 rows=60000 width=50) (actual time=0.000..50.000 rows=60000 loops=5)
        Storage: Disk  Maximum Storage: 4096kB
        ->  Seq Scan on b  (cost=0..9 rows=9 width=50) \
(actual time=0.000..60.000 rows=60000 loops=1)
Execution Time: 310.000 ms
"""


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_a_with_query_that_is_kept_on_disk() -> None:
    [finding] = run().findings

    assert finding.subject == "CTE Scan on o"
    assert finding.summary == (
        "CTE Scan on o keeps 9 MB of rows on disk and takes 100 ms by itself"
    )
    assert finding.impact.bound_ms == pytest.approx(2 * 0.3 * 100)
    assert finding.confidence is Confidence.HIGH
    assert next(e for e in finding.evidence if e.name == "rows kept").value == 60_000
    assert "NOT MATERIALIZED" in manual(finding)[0]
    assert "SET LOCAL work_mem = '16MB'" in manual(finding)[-1]


def test_before_18_the_blocks_of_temporary_files_tell() -> None:
    old = PLAN.replace("  Storage: Disk  Maximum Storage: 9216kB\n", "")

    [finding] = run(old).findings

    assert "keeps 9 MB of rows on disk" in finding.summary
    assert finding.confidence is Confidence.MEDIUM


def test_rows_that_are_read_again_are_counted_once() -> None:
    [finding] = run(MATERIALIZE).findings

    assert finding.subject == "Materialize"
    assert finding.impact.bound_ms == pytest.approx(2 * 0.3 * 190)
    assert next(e for e in finding.evidence if e.name == "rows kept").value == 60_000


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Storage: Disk", "Storage: Memory"), id="in memory"),
        pytest.param(PLAN.replace("1.000..150.000", "1.000..65.000"), id="a short one"),
        pytest.param(PLAN.replace(TEXT, f"create table c as {TEXT}"), id="maintenance"),
        pytest.param(
            PLAN.replace("0.000..50.000", "0.000..5000.000").replace("..150.0", "..5100.0"),
            id="what gives the rows takes the time",
        ),
        pytest.param(PLAN.replace("CTE Scan on o", "Subquery Scan on o"), id="another node"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("size", "count"), [(1_024, 1), (1_023, 0)])
def test_asks_for_a_megabyte(size: int, count: int) -> None:
    assert len(run(PLAN.replace("9216kB", f"{size}kB")).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("CTE Scan on o  (cost=9..20 rows=900 width=150)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
