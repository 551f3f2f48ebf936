"""long-walk-to-limit."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import CreateIndex, ManualSteps
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.index import describe_index
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    executed,
)

RULE = "long-walk-to-limit"
ORDERS = a_table()
BY_TIME = an_index(ORDERS, "created_at", name="orders_at")
BY_ITSELF = a_snapshot(version_num=0)
WALK = """\
Limit  (cost=0..8 rows=20 width=8) (actual time=1..51.0 rows={rows} loops=1)
  ->  Index Scan Backward using orders_at on orders  (cost=0..800 rows=900 width=8) (actual time=1..{time} rows={rows} loops=1)
        Filter: {filter}
        Rows Removed by Filter: {removed}
"""  # noqa: E501


def walk(
    filter: str = "(customer_id = 42)",  # noqa: A002
    *,
    rows: int = 20,
    removed: int = 99_980,
    time: str = "50.0",
) -> str:
    return WALK.format(filter=filter, rows=rows, removed=removed, time=time)


def run(plan: str, *parts: SnapshotPart, snapshot: Snapshot | None = None) -> Outcome:
    judged = snapshot or a_snapshot(ORDERS, BY_TIME, *parts)
    return diagnose(RULE, judged, executions=executed(plan, judged))


def test_proposes_the_filters_column_before_the_order() -> None:
    [finding] = run(walk()).findings

    assert finding.subject == "public.orders"
    assert finding.summary == (
        "A page of public.orders walked past 99,980 rows of orders_at to find 20, in 50 ms of 51 ms"
    )
    [create] = finding.remedies
    assert isinstance(create, CreateIndex)
    assert describe_index(create.index) == "public.orders (customer_id, created_at)"
    assert finding.nodes == (1,)
    assert finding.impact.bound_ms == pytest.approx(50.0 * 99_980 / 100_000)


def test_gives_steps_without_a_snapshot() -> None:
    [finding] = run(walk("(note = 'secret'::text)"), snapshot=BY_ITSELF).findings

    assert "secret" not in str(finding)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "`(note = ?::text)`" in steps.steps[0]
    assert "orders_at" in steps.steps[0]


SORTED = """\
Limit  (cost=0..8 rows=20 width=8) (actual time=1..52.0 rows=20 loops=1)
  ->  Sort  (cost=0..8 rows=20 width=8) (actual time=1..51.0 rows=20 loops=1)
        Sort Key: note
        ->  Index Scan using orders_at on orders  (cost=0..800 rows=900 width=8) (actual time=1..50.0 rows=20 loops=1)
              Filter: (customer_id = 42)
              Rows Removed by Filter: 99980
"""  # noqa: E501


OF_A_SUBQUERY = """\
Limit  (cost=0..8 rows=20 width=8) (actual time=1..60.0 rows=20 loops=1)
  InitPlan 1 (returns $0)
    ->  Aggregate  (cost=0..8 rows=1 width=8) (actual time=1..51.0 rows=1 loops=1)
          ->  Index Scan using orders_at on orders  (cost=0..800 rows=900 width=8) (actual time=1..50.0 rows=20 loops=1)
                Filter: (customer_id = 42)
                Rows Removed by Filter: 99980
  ->  Seq Scan on a  (cost=0..8 rows=20 width=8) (actual time=1..2.0 rows=20 loops=1)
"""  # noqa: E501


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(walk(rows=1_000)), id="found-enough"),
        pytest.param(run(walk(rows=0, removed=9_999)), id="short-walk"),
        pytest.param(run(walk(time="4.9")), id="short-time"),
        pytest.param(run(SORTED), id="sorted-before-the-limit"),
        pytest.param(run(OF_A_SUBQUERY), id="the-limit-is-not-its-own"),
        pytest.param(run(OF_A_SUBQUERY.replace("Aggregate", "Unique")), id="nor-without-a-sum"),
        pytest.param(run(walk().split("\n", 1)[1].replace("  ->  ", "")), id="no-limit"),
        pytest.param(
            run(walk().replace("  Filter:", "  Index Cond: (created_at > 5)\n        Filter:")),
            id="narrowed-down",
        ),
        pytest.param(run(walk(), an_index(ORDERS, "customer_id", "created_at")), id="has-an-index"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


@pytest.mark.parametrize(("removed", "count"), [(10_000, 1), (9_999, 0)])
def test_asks_for_ten_thousand_rows(removed: int, count: int) -> None:
    assert len(run(walk(rows=1, removed=removed)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    plan = "Limit  (cost=0..1 rows=1 width=8)"

    assert run(plan).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
