"""unbounded-result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
)

RULE = "unbounded-result"
ORDERS = a_table("orders")
HOURLY = 24 * 90
ALL = a_statement(
    "select id, status from orders",
    calls=HOURLY,
    rows=HOURLY * 100_000,
    roles=("web",),
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_reports_a_statement_that_returns_a_table() -> None:
    [finding] = run(ALL).findings

    assert finding.key == f"unbounded-result:{ALL.id}"
    assert finding.subject == "public.orders"
    assert finding.summary == (
        "A statement on public.orders returns 100,000 rows a call, 24 times a day "
        "(100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "`WHERE id > $1 ORDER BY id LIMIT ...`" in action.steps[1]


def test_estimates_the_size_where_all_widths_are_known() -> None:
    widths = (
        column_statistics(ORDERS, "id", average_width_bytes=8),
        column_statistics(ORDERS, "status", average_width_bytes=32),
    )

    [finding] = run(ALL, widths).findings
    [without] = run(ALL, widths[0]).findings

    assert (finding.evidence[-1].name, finding.evidence[-1].value) == (
        "result of a call, about",
        "3.81 MB",
    )
    assert without.evidence[-1].name == "share of execution time"


def test_names_a_statement_without_tables_by_its_id() -> None:
    [finding] = run(replace(ALL, text="select * from generate_series($1, $2)")).findings

    assert finding.subject == f"statement {ALL.id}"


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(ALL, fingerprint="f"), replace(ALL, fingerprint="f", id="2"))

    [finding] = run(twins).findings

    assert finding.statement_ids == (ALL.id, "2")
    assert "48 times a day" in finding.summary


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from orders order by id limit $1", id="limit"),
        pytest.param("select id from orders limit 100000", id="constant-limit"),
        pytest.param("update orders set status = $1 returning id", id="writes"),
        pytest.param("with d as (delete from orders returning *) select * from d", id="deletes"),
        pytest.param("FETCH", id="cursor"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(ALL, text=text)).is_clear


@pytest.mark.parametrize(
    ("roles", "count"),
    [(("Nightly_ETL",), 0), (("metabase",), 0), (("web", "etl"), 1), ((), 1)],
)
def test_leaves_roles_alone_that_read_much(roles: tuple[str, ...], count: int) -> None:
    assert len(run(replace(ALL, roles=roles)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(HOURLY * 100_000, 1), (HOURLY * 100_000 - 1, 0)])
def test_asks_for_a_hundred_thousand_rows_a_call(rows: int, count: int) -> None:
    assert len(run(replace(ALL, rows=rows)).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(HOURLY, 1), (HOURLY - 1, 0)])
def test_asks_for_a_call_an_hour(calls: int, count: int) -> None:
    assert len(run(replace(ALL, calls=calls)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(ALL, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(replace(ALL, is_top_level=False), id="inside-a-function"),
        pytest.param(replace(ALL, source="workload", weight=1e6), id="from-a-file"),
        pytest.param(replace(ALL, calls=0), id="never-counted"),
    ],
)
def test_leaves_alone_what_no_application_calls(statement: Statement) -> None:
    assert run(statement).is_clear


def test_cannot_judge_without_knowing_how_often() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS, ALL, statistics_age_days=None))

    [reason] = outcome.reasons
    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
