"""row-by-row-insert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_statement, a_table, diagnose

RULE = "row-by-row-insert"
EVENTS = a_table("events", "id bigint not null", "kind text")
ONE = a_statement("insert into events (kind) values ($1)", calls=90_000_000, mean_time_ms=0.1)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(EVENTS, *objects))


def test_reports_a_stream_of_single_rows() -> None:
    [finding] = run(ONE).findings

    assert finding.key == f"row-by-row-insert:public.events:{ONE.id}"
    assert finding.summary == (
        "1,000,000 rows a day are inserted into public.events one by one (100 % of all time)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "unnest(" in action.steps[1]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(ONE, rows=ONE.calls + 1), id="several-rows"),
        pytest.param(replace(ONE, rows=0), id="no-row"),
        pytest.param(replace(ONE, is_top_level=False), id="in-a-function"),
        pytest.param(replace(ONE, source="workload"), id="workload-file"),
        pytest.param(replace(ONE, text=f"{ONE.text} on conflict do nothing"), id="upsert"),
        pytest.param(
            replace(ONE, text="insert into events (kind) select kind from events"), id="a-query"
        ),
        pytest.param(
            replace(ONE, text="update events set kind = $1 where id = $2"), id="an-update"
        ),
    ],
)
def test_leaves_alone(statement: object) -> None:
    assert run(statement).is_clear  # type: ignore[arg-type]


@pytest.mark.parametrize(("calls", "count"), [(90_000_000, 1), (89_999_999, 0)])
def test_asks_for_a_million_a_day(calls: int, count: int) -> None:
    assert len(run(replace(ONE, calls=calls, rows=calls)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(49.0, 1), (49.1, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(ONE, total_time_ms=1.0), other).findings) == count


def test_cannot_judge_without_a_window() -> None:
    [reason] = diagnose(RULE, a_snapshot(EVENTS, ONE, statistics_age_days=None)).reasons

    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
