"""idle-polling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "idle-polling"
JOBS = a_table("jobs", "id bigint not null", "state text not null", "run_at timestamptz")
KEY = a_primary_key(JOBS, "id")
CALLS = 90 * 2_160_000
TEXT = "select id from jobs where state = $1 order by run_at limit 1 for update skip locked"
POLL = a_statement(TEXT, calls=CALLS, mean_time_ms=0.5, rows=CALLS // 50)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(JOBS, KEY, *objects))


def test_reports_a_poll_that_finds_nothing() -> None:
    [finding] = run(POLL).findings

    assert finding.key == f"idle-polling:public.jobs:{POLL.id}"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "public.jobs is polled 25 times a second, and 98 % of the polls find nothing"
    )
    assert finding.detail == ""
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("polls a day", 2_160_000),
        ("rows found for each poll", 0.02),
        ("share of execution time", "100 %"),
        ("time a day", "18 min"),
    ]
    assert finding.statement_ids == (POLL.id,)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Poll public.jobs when there is something to find"
    assert steps.steps[0].startswith("Pause after an empty poll")


@pytest.mark.parametrize(
    "text",
    [
        "select id from jobs where state = $1 limit 5 for no key update",
        (
            "update jobs set state = $1 where id = "
            "(select id from jobs where state = $2 order by run_at limit 1 for update skip locked)"
        ),
        (
            "with next as (select id from jobs where state = $1 limit $2 for update skip locked) "
            "update jobs set state = $3 from next where jobs.id = next.id returning jobs.id"
        ),
    ],
    ids=["waiting", "subquery", "cte"],
)
def test_knows_the_poll_in_its_other_forms(text: str) -> None:
    assert len(run(replace(POLL, text=text)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from jobs where state = $1 order by run_at limit 1", id="no-lock"),
        pytest.param("select id from jobs where state = $1 for update skip locked", id="no-limit"),
        pytest.param("select id from jobs where id = $1 limit 1 for update", id="by-key"),
        pytest.param("select id from jobs where state = $1 limit 1 for share", id="shared-lock"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(POLL, text=text)).is_clear


@pytest.mark.parametrize(("rows", "count"), [(CALLS // 20, 1), (CALLS // 20 + 1, 0)])
def test_allows_one_hit_in_twenty(rows: int, count: int) -> None:
    assert len(run(replace(POLL, rows=rows)).findings) == count


@pytest.mark.parametrize(("per_day", "count"), [(431_999, 0), (432_000, 1)])
def test_asks_for_five_polls_a_second(per_day: int, count: int) -> None:
    assert len(run(replace(POLL, calls=90 * per_day, rows=0)).findings) == count


@pytest.mark.parametrize(("ratio", "count"), [(0.0049, 0), (0.0051, 1)])
def test_asks_for_a_share_of_time(ratio: float, count: int) -> None:
    rest = a_statement("select 1", calls=1, mean_time_ms=POLL.total_time_ms * (1 / ratio - 1))

    assert len(run(POLL, rest).findings) == count


def test_adds_up_the_forms_of_one_poll() -> None:
    forms = [
        replace(POLL, id=name, calls=90 * 216_000, rows=0, fingerprint="f") for name in ("1", "2")
    ]

    [finding] = run(forms).findings

    assert finding.key == "idle-polling:public.jobs:f"
    assert finding.statement_ids == ("1", "2")
    assert run(forms[0]).is_clear


def test_does_not_count_what_a_workload_file_says() -> None:
    file = replace(POLL, source="workload", calls=0, rows=0, weight=10**7)

    assert run(file, a_statement("select 1")).is_clear


def test_warns_of_the_pooler() -> None:
    snapshot = a_snapshot(JOBS, KEY, POLL, is_through_pooler=True)

    [finding] = diagnose(RULE, snapshot).findings

    assert finding.detail.startswith("The snapshot was taken through a pooler")


def test_cannot_judge_where_nobody_knows_since_when_calls_are_counted() -> None:
    outcome = diagnose(RULE, a_snapshot(JOBS, KEY, POLL, statistics_age_days=None))

    assert outcome.reasons == (
        ("nobody knows since when statements are counted, so not how often they run",)
    )


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
