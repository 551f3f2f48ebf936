"""static-lookup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import StatementsInfo
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    table_activity,
)

RULE = "static-lookup"
CURRENCIES = a_table("currencies", "code text not null", "name text", rows=10_000)
LOOKUP = a_statement("select name from currencies where code = $1", calls=9_000_000)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(CURRENCIES, *objects))


def test_reports_a_table_that_never_changes() -> None:
    [finding] = run(LOOKUP).findings

    assert finding.key == "static-lookup:public.currencies"
    assert finding.summary == (
        "public.currencies has 10,000 rows that do not change, and is asked 100,000 times a day "
        "(100 % of all calls)"
    )
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.title == "Keep public.currencies in the application"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(LOOKUP, text=f"{LOOKUP.text} for share"), id="locks"),
        pytest.param(replace(LOOKUP, text="select 1 from currencies a, currencies b"), id="a-join"),
        pytest.param(replace(LOOKUP, text="select 1 from currencies, gone"), id="unknown-table"),
        pytest.param(replace(LOOKUP, text="delete from currencies"), id="a-delete"),
        pytest.param(replace(LOOKUP, is_top_level=False), id="in-a-function"),
        pytest.param(replace(LOOKUP, source="workload"), id="workload-file"),
        pytest.param(replace(LOOKUP, calls=8_999_999), id="rarer"),
    ],
)
def test_leaves_alone(statement: Statement) -> None:
    assert run(statement).is_clear


@pytest.mark.parametrize(("written", "count"), [(90, 1), (91, 0)])
def test_asks_for_a_write_a_day_at_most(written: int, count: int) -> None:
    found = run(LOOKUP, table_activity(CURRENCIES, rows_updated=written)).findings

    assert len(found) == count


@pytest.mark.parametrize("rows", [10_001, 0])
def test_leaves_other_tables_alone(rows: int) -> None:
    other = a_table("currencies", "code text", rows=rows)

    assert diagnose(RULE, a_snapshot(other, LOOKUP)).is_clear


def test_leaves_tables_with_row_security_alone() -> None:
    hidden = replace(CURRENCIES, has_row_security=True)

    assert diagnose(RULE, a_snapshot(hidden, LOOKUP)).is_clear


@pytest.mark.parametrize(("calls", "count"), [(171_000_000, 1), (171_000_001, 0)])
def test_asks_for_a_share_of_the_calls(calls: int, count: int) -> None:
    assert len(run(LOOKUP, a_statement("select 1", calls=calls)).findings) == count


def test_cannot_judge_when_statements_were_evicted() -> None:
    info = a_server().statements_info
    assert isinstance(info, StatementsInfo)
    evicted = replace(info, deallocations=10_000)

    outcome = diagnose(RULE, a_snapshot(CURRENCIES, LOOKUP, statements_info=evicted))

    assert outcome.findings == ()
    assert len(outcome.reasons) == 1


def test_cannot_judge_without_a_window() -> None:
    [reason] = diagnose(RULE, a_snapshot(CURRENCIES, LOOKUP, statistics_age_days=None)).reasons

    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
