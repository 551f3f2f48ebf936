"""unlaunched-parallel-workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.server import DatabaseActivity, Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose
from tests.rules.changes import changes, manual, up

RULE = "unlaunched-parallel-workers"
DAYS = 10
COUNTED = DatabaseActivity(parallel_workers_planned=10_000, parallel_workers_launched=8_000)
POOL = Setting(
    name="max_parallel_workers", value="8", value_type="integer", boot_value="8", max_value="1024"
)
PROCESSES = Setting(name="max_worker_processes", value="32")
WANTED = Setting(name="max_parallel_workers_per_gather", value="4")


def run(
    activity: DatabaseActivity = COUNTED,
    *,
    pool: Setting = POOL,
    processes: Setting = PROCESSES,
    cpu_count: int | None = None,
    days: float | None = DAYS,
) -> Outcome:
    return diagnose(
        RULE,
        a_snapshot(pool, processes, WANTED, activity=activity, statistics_age_days=days),
        machine=Machine(cpu_count=cpu_count),
    )


def test_reports_workers_that_do_not_start() -> None:
    [finding] = run().findings

    assert finding.key == "unlaunched-parallel-workers:max_parallel_workers"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "20 % of 1,000 parallel workers that plans ask for in a day do not start"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("workers asked for", 10_000),
        ("workers started", 8_000),
        ("max_parallel_workers", 8),
        ("max_worker_processes", 32),
        ("max_parallel_workers_per_gather", 4),
    ]
    assert changes(finding) == ()
    assert manual(finding)[2] == (
        "max_parallel_workers takes effect up to max_worker_processes, which takes a restart."
    )


@pytest.mark.parametrize(
    ("cpu_count", "processes", "proposed"),
    [(16, "32", ("16",)), (64, "32", ("32",)), (8, "32", ()), (16, "8", ())],
)
def test_raises_the_number_to_that_of_the_processors(
    cpu_count: int, processes: str, proposed: tuple[str, ...]
) -> None:
    [finding] = run(cpu_count=cpu_count, processes=replace(PROCESSES, value=processes)).findings

    assert tuple(change.value for change in changes(finding)) == proposed
    if proposed:
        assert up(finding)[0] == f"ALTER SYSTEM SET max_parallel_workers = {proposed[0]}"
    assert finding.evidence[-1].value == cpu_count


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(replace(COUNTED, parallel_workers_launched=9_000)), id="nine-of-ten"),
        pytest.param(
            run(DatabaseActivity(parallel_workers_planned=9_999, parallel_workers_launched=0)),
            id="hardly-any",
        ),
        pytest.param(run(pool=replace(POOL, value="3")), id="never-so-many"),
        pytest.param(
            run(DatabaseActivity(parallel_workers_planned=0, parallel_workers_launched=0)),
            id="none",
        ),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(DatabaseActivity()).reasons == (
        "how many parallel workers started is not known: PostgreSQL 18 counts it",
    )
    assert diagnose(RULE, a_snapshot(activity=COUNTED)).reasons == (
        "values of max_parallel_workers are not in the snapshot",
    )
