"""cold-reads."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "cold-reads"
PLAN = """\
Aggregate  (cost=9..20 rows=1 width=8) (actual time=900.000..900.000 rows=1 loops=1)
  Buffers: shared hit=12 read=1463
  I/O Timings: shared read=800.000
  ->  Seq Scan on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..880.000 rows=60000 loops=1)
        Buffers: shared hit=12 read=1463
        I/O Timings: shared read=800.000
Execution Time: 901.000 ms
"""
IN_TWO = """\
Gather  (cost=9..20 rows=1 width=8) (actual time=0.000..900.000 rows=60000 loops=1)
  Workers Planned: 1
  Workers Launched: 1
  Buffers: shared hit=12 read=2000
  I/O Timings: shared read=1400.000
  ->  Parallel Seq Scan on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..880.000 rows=30000 loops=2)
        Buffers: shared hit=12 read=2000
        I/O Timings: shared read=1400.000
Execution Time: 901.000 ms
"""


def run(plan: str = PLAN, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    return diagnose(RULE, a_snapshot(), executions=executed(plan), **limits)


def test_reports_an_execution_that_waits_for_blocks() -> None:
    [finding] = run().findings

    assert finding.subject == "Seq Scan on orders"
    assert finding.summary == (
        "800 ms of 900 ms are waits for 1,463 blocks (99.2 % of all touched), most of it in Seq "
        "Scan on orders"
    )
    assert finding.detail == "A block takes 0.55 ms."
    assert finding.impact.bound_ms == 800.0
    assert finding.nodes == (1,)
    assert "`SELECT pg_prewarm('orders')`" in manual(finding)[2]


def test_waits_of_several_processes_go_by_side_by_side() -> None:
    [finding] = run(IN_TWO).findings

    assert finding.impact.bound_ms == 700.0


def test_a_node_waits_no_longer_than_it_took() -> None:
    [finding] = run(PLAN.replace("shared read=800.000", "shared read=9000.000")).findings

    assert finding.impact.bound_ms == 880.0


def test_tells_the_operating_system_s_cache() -> None:
    [finding] = run(PLAN.replace("read=1463", "read=14630")).findings

    assert finding.detail == (
        "A block takes 0.05 ms, so they come out of the operating system's cache."
    )


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("hit=12", "hit=2000"), id="most are found"),
        pytest.param(PLAN.replace("read=800.000", "read=400.000"), id="a small part"),
        pytest.param(
            PLAN.replace("0.000", "0.000")
            .replace("900.000", "45.000")
            .replace("880.000", "44.000")
            .replace("800.000", "40.000"),
            id="short waits",
        ),
        pytest.param(
            PLAN.replace("  I/O Timings: shared read=800.000\n", "")
            .replace("      I/O", "I/O")
            .replace("read=1463", "")
            .replace("hit=12 ", "hit=1475"),
            id="nothing is read",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("waited", "count"), [("450.000", 1), ("449.900", 0)])
def test_asks_for_half_of_the_time(waited: str, count: int) -> None:
    assert len(run(PLAN.replace("800.000", waited)).findings) == count


def test_cannot_judge_reads_that_were_not_timed() -> None:
    lines = [line for line in PLAN.splitlines() if "Timings" not in line]

    assert run("\n".join(lines)).reasons == (
        "the plan does not say how long reads took: set track_io_timing = on",
    )


def test_cannot_judge_without_buffers() -> None:
    lines = [line for line in PLAN.splitlines() if "Timings" not in line and "Buffers" not in line]

    assert run("\n".join(lines)).reasons == (
        "the plan has no buffers: use EXPLAIN (ANALYZE, BUFFERS)",
    )
