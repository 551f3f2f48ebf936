"""rows-skipped-by-offset."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    Outcome,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    executed,
)

RULE = "rows-skipped-by-offset"
BY_ITSELF = a_snapshot(version_num=0)
PAGE = """\
Limit  (cost=0..8 rows=20 width=8) (actual time=49.0..50.0 rows={rows} loops=1)
  ->  Index Scan using orders_pkey on orders  (cost=0..800 rows=900000 width=8) (actual time=0..48.0 rows={made} loops=1)
"""  # noqa: E501


def page(rows: int = 20, made: int = 100_020) -> str:
    return PAGE.format(rows=rows, made=made)


def run(plan: str, snapshot: Snapshot = BY_ITSELF) -> Outcome:
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot))


def test_tells_how_many_rows_were_made_for_nothing() -> None:
    [finding] = run(page()).findings

    assert finding.subject == "orders"
    assert finding.summary == "OFFSET skipped 100,000 rows to return 20, in 50 ms of 50 ms"
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Page through orders by key"
    assert finding.nodes == (0, 1)
    assert finding.impact.bound_ms == pytest.approx(50.0 * 100_000 / 100_020)


def test_rewrites_a_statement_that_is_known() -> None:
    text = "select id, note from orders order by created_at, id limit $1 offset $2"
    orders = a_table()
    snapshot = a_snapshot(orders, a_primary_key(orders, "id"), a_statement(text, id="42"))

    [finding] = run(page() + "Query Identifier: 42\n", snapshot).findings

    [rewrite] = finding.remedies
    assert isinstance(rewrite, RewriteStatement)
    assert "offset" not in rewrite.after.lower()
    assert finding.subject == "public.orders"


def test_names_the_order_without_its_constants() -> None:
    plan = """\
Limit  (cost=0..8 rows=20 width=8) (actual time=49.0..50.0 rows=20 loops=1)
  ->  Sort  (cost=0..8 rows=20 width=8) (actual time=1..48.0 rows=100020 loops=1)
        Sort Key: ((note = 'secret'::text)), id
        ->  Seq Scan on orders  (cost=0..8 rows=9 width=8) (actual time=1..20.0 rows=200000 loops=1)
"""

    [finding] = run(plan).findings

    assert "secret" not in str(finding)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].startswith("End the order by ((note = ?::text)), id in a unique column")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(page(made=20), id="no-offset"),
        pytest.param(page(rows=20_000, made=120_000), id="a-tenth-is-returned"),
        pytest.param(page(rows=0, made=999), id="near-the-start"),
        pytest.param(page().replace("9.0..50.0", "..4.9").replace("48.0", "4.0"), id="short"),
        pytest.param(page().split("->  ")[1], id="no-limit"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("made", "count"), [(1_000, 1), (999, 0)])
def test_asks_for_a_thousand_rows_each_time(made: int, count: int) -> None:
    assert len(run(page(rows=0, made=made)).findings) == count


def test_rounded_averages_of_many_loops_are_no_offset() -> None:
    plan = """\
Nested Loop  (cost=1..900 rows=9 width=8) (actual time=0.1..99.0 rows=0 loops=1)
  ->  Seq Scan on a  (cost=0..800 rows=10000 width=8) (actual time=0..1.0 rows=10000 loops=1)
  ->  Limit  (cost=0..8 rows=1 width=8) (actual time=0.001..0.009 rows=0 loops=10000)
        ->  Index Scan using i on b  (cost=0..8 rows=1 width=8) (actual time=0..0.008 rows=1 loops=10000)
"""  # noqa: E501

    assert run(plan).is_clear


def test_says_what_a_plan_lacks() -> None:
    assert run("Limit  (cost=0..1 rows=1 width=8)").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
