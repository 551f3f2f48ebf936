"""row-by-row-update."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "row-by-row-update"
DEVICES = a_table("devices", "id bigint not null", "state text")
KEY = a_primary_key(DEVICES, "id")
ONE = a_statement("update devices set state = $1 where id = $2", calls=90_000_000, mean_time_ms=0.1)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(DEVICES, KEY, *objects))


def test_reports_a_stream_of_single_updates() -> None:
    [finding] = run(ONE).findings

    assert finding.key == f"row-by-row-update:public.devices:{ONE.id}"
    assert finding.summary == (
        "1,000,000 rows of public.devices a day are updated one by one (100 % of all time)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "unnest(" in action.steps[1]


def test_reports_a_stream_of_single_deletes() -> None:
    [finding] = run(replace(ONE, text="delete from devices where id = $1")).findings

    assert "are deleted one by one" in finding.summary
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "= ANY ($1)" in action.steps[1]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(ONE, rows=ONE.calls + 1), id="several-rows"),
        pytest.param(replace(ONE, rows=0), id="no-row"),
        pytest.param(replace(ONE, is_top_level=False), id="in-a-function"),
        pytest.param(replace(ONE, source="workload"), id="workload-file"),
        pytest.param(
            replace(ONE, text="update devices set state = $1 where state = $2"), id="by-no-key"
        ),
        pytest.param(replace(ONE, text="select state from devices where id = $1"), id="a-query"),
    ],
)
def test_leaves_alone(statement: Statement) -> None:
    assert run(statement).is_clear


@pytest.mark.parametrize(("calls", "count"), [(90_000_000, 1), (89_999_999, 0)])
def test_asks_for_a_million_a_day(calls: int, count: int) -> None:
    assert len(run(replace(ONE, calls=calls, rows=calls)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(49.0, 1), (49.1, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(ONE, total_time_ms=1.0), other).findings) == count


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(ONE, fingerprint="f"), replace(ONE, fingerprint="f", id="2"))

    [finding] = run(*twins).findings

    assert finding.statement_ids == (ONE.id, "2")


def test_cannot_judge_without_a_window() -> None:
    [reason] = diagnose(RULE, a_snapshot(DEVICES, ONE, statistics_age_days=None)).reasons

    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
