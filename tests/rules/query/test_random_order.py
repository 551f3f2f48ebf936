"""random-order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "random-order"
ORDERS = a_table("orders")
CUSTOMERS = a_table("customers", "id bigint not null")
DRAW = a_statement(
    "select * from orders order by random() limit $1",
    calls=1_000,
    rows=3_000,
    shared_blocks_hit=12_500_000,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, CUSTOMERS, *objects))


def test_reports_a_draw_out_of_a_whole_table() -> None:
    [finding] = run(DRAW).findings

    assert finding.key == f"random-order:public.orders:{DRAW.id}"
    assert finding.summary == (
        "A statement sorts public.orders by random() and touches 12,500 blocks to return 3 rows "
        "(100 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert '`FROM "public"."orders" TABLESAMPLE SYSTEM (0.003)`' in action.steps[0]


def test_says_one_row_of_one_row() -> None:
    [finding] = run(replace(DRAW, rows=1_000)).findings

    assert "to return 1 row (" in finding.summary


def test_reports_a_join_once() -> None:
    text = """
        select * from orders o join customers c on c.id = o.customer_id
        order by random() limit $1
    """

    assert len(run(replace(DRAW, text=text)).findings) == 1


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(DRAW, fingerprint="f"), replace(DRAW, fingerprint="f", id="2"))

    [finding] = run(twins).findings

    assert finding.statement_ids == (DRAW.id, "2")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select * from orders order by random()", id="no-limit"),
        pytest.param("select * from orders order by id limit $1", id="no-random-order"),
        pytest.param("select * from orders where random() < $1 limit $2", id="a-condition"),
        pytest.param("select * from orders order by id, random() limit $1", id="breaks-ties"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(DRAW, text=text)).is_clear


@pytest.mark.parametrize(("blocks", "count"), [(100_000, 1), (99_999, 0)])
def test_asks_for_a_hundred_blocks_a_call(blocks: int, count: int) -> None:
    assert len(run(replace(DRAW, shared_blocks_hit=blocks)).findings) == count


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(DRAW, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_leaves_small_tables_alone() -> None:
    assert diagnose(RULE, a_snapshot(a_table("orders", rows=9_999), DRAW)).is_clear


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(DRAW, source="workload", calls=0, total_time_ms=0.0)).is_clear


@given(rows=st.floats(1e6, 1e15), returned=st.integers(0, 10**12))
def test_proposes_a_sample_that_postgresql_takes(rows: float, returned: int) -> None:
    table = replace(ORDERS, rows=rows)

    [finding] = diagnose(RULE, a_snapshot(table, replace(DRAW, rows=returned))).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    percent = float(action.steps[0].partition("SYSTEM (")[2].partition(")")[0])
    assert 0 < percent <= 100


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
