"""workers-not-launched."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "workers-not-launched"
PLAN = """\
Finalize Aggregate  (cost=9..20 rows=1 width=8) (actual time=400.000..400.000 rows=1 loops=1)
  ->  Gather  (cost=0..9 rows=2 width=8) (actual time=0.000..390.000 rows=1 loops=1)
        Workers Planned: 2
        Workers Launched: 0
        ->  Partial Aggregate  (cost=0..9 rows=1 width=8) \
(actual time=380.000..380.000 rows=1 loops=1)
              ->  Parallel Seq Scan on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..300.000 rows=60000 loops=1)
Execution Time: 401.000 ms
"""
POOL = Setting(name="max_parallel_workers", value="8", value_type="integer")
PROCESSES = Setting(name="max_worker_processes", value="8", context="postmaster")


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_a_leader_that_does_all_by_itself() -> None:
    [finding] = run().findings

    assert finding.subject == "Gather"
    assert finding.summary == (
        "Gather was planned for 2 workers, and the leader does all of the work: 390 ms in the "
        "place of 130 ms at best"
    )
    assert finding.impact.bound_ms == 260.0
    assert finding.nodes == (1, 2, 3)
    assert "leader_pid" in manual(finding)[0]


def test_some_of_the_workers_spare_their_part() -> None:
    [finding] = run(PLAN.replace("Launched: 0", "Launched: 1")).findings

    assert "1 of them started" in finding.summary
    assert finding.impact.bound_ms == 130.0


@pytest.mark.parametrize(("launched", "bound_ms"), [(1, 195.0), (0, 195.0)])
def test_a_leader_that_only_gathers_is_no_worker(launched: int, bound_ms: float) -> None:
    settings = "Settings: parallel_leader_participation = 'off'\n"

    [finding] = run(PLAN.replace("Launched: 0", f"Launched: {launched}") + settings).findings

    assert finding.impact.bound_ms == bound_ms


@pytest.mark.parametrize(
    ("settings", "step"),
    [
        ((POOL, PROCESSES), "See who takes the workers"),
        (
            (Setting(name="max_parallel_workers", value="1"), PROCESSES),
            "So many can never start: max_parallel_workers is 1.",
        ),
        (
            (POOL, Setting(name="max_worker_processes", value="1")),
            "So many can never start: max_worker_processes is 1.",
        ),
    ],
)
def test_tells_workers_that_can_never_start(settings: tuple[Setting, ...], step: str) -> None:
    [finding] = run(PLAN, settings).findings

    assert manual(finding)[0].startswith(step)


def test_the_plan_tells_its_own_settings() -> None:
    [finding] = run(f"{PLAN}Settings: max_parallel_workers = '0'\n", POOL).findings

    assert "`ALTER SYSTEM SET max_parallel_workers_per_gather = 0`" in manual(finding)[0]


def test_an_init_plan_is_run_by_the_leader_in_any_case() -> None:
    with_init = PLAN.replace(
        "        ->  Partial",
        "        InitPlan 1 (returns $0)\n          ->  Seq Scan on b  (cost=0..9 rows=9 width=8) "
        "(actual time=0.000..90.000 rows=9 loops=1)\n        ->  Partial",
    ).replace("0.000..390.000", "0.000..480.000")

    [finding] = run(with_init.replace("400.000..400.000", "490.000..490.000")).findings

    assert finding.impact.bound_ms == 260.0


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Launched: 0", "Launched: 2"), id="all of them"),
        pytest.param(PLAN.replace("400.000..400.000", "9400.000..9400.000"), id="a small part"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("limit", "count"), [(260.0, 1), (260.1, 0)])
def test_asks_for_a_time_that_they_would_have_saved(limit: float, count: int) -> None:
    assert len(run(min_time_ms=limit).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Gather  (cost=9..20 rows=1 width=8)\n  Workers Planned: 2\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
