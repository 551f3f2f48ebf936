"""repeated-aggregate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "repeated-aggregate"
SALES = a_table("sales", "id bigint not null", "region text", "total numeric")
SUMS = a_statement(
    "select region, sum(total) from sales group by region",
    calls=216_000,
    mean_time_ms=200.0,
    rows=2_160_000,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(SALES, *objects))


def test_reports_a_summary_of_what_hardly_changes() -> None:
    [finding] = run(SUMS, table_activity(SALES, rows_inserted=90)).findings

    assert finding.key == f"repeated-aggregate:{SUMS.id}"
    assert finding.summary == (
        "A summary of public.sales takes 200 ms and is computed 2,400 times a day, over tables "
        "with 1 write a day (100 % of all time)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "CREATE MATERIALIZED VIEW" in action.steps[1]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(SUMS, calls=215_999), id="rarer"),
        pytest.param(replace(SUMS, mean_time_ms=199.9), id="shorter"),
        pytest.param(replace(SUMS, rows=216_000_001), id="large-result"),
        pytest.param(replace(SUMS, text="select region from sales"), id="no-aggregate"),
        pytest.param(replace(SUMS, text="select sum(total) from gone"), id="unknown-table"),
        pytest.param(replace(SUMS, source="workload"), id="workload-file"),
        pytest.param(
            replace(SUMS, text="update sales set total = (select sum(total) from sales)"),
            id="an-update",
        ),
    ],
)
def test_leaves_alone(statement: Statement) -> None:
    assert run(statement).is_clear


@pytest.mark.parametrize(("written", "count"), [(129_600, 1), (129_601, 0)])
def test_asks_for_a_write_a_minute_at_most(written: int, count: int) -> None:
    found = run(SUMS, table_activity(SALES, rows_updated=written)).findings

    assert len(found) == count


def test_leaves_tables_with_row_security_alone() -> None:
    hidden = replace(SALES, has_row_security=True)

    assert diagnose(RULE, a_snapshot(hidden, SUMS)).is_clear


@pytest.mark.parametrize(("rest", "count"), [(19.0, 1), (19.1, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(SUMS, total_time_ms=1.0), other).findings) == count


def test_cannot_judge_without_a_window() -> None:
    [reason] = diagnose(RULE, a_snapshot(SALES, SUMS, statistics_age_days=None)).reasons

    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
