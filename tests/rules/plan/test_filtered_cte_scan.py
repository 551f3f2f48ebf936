"""filtered-cte-scan."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed

RULE = "filtered-cte-scan"
PLAN = """\
CTE Scan on recent  (cost=0..8 rows=9 width=8) (actual time=0..{total} rows={rows} loops=1)
  Filter: (customer_id = 42)
  Rows Removed by Filter: {removed}
  CTE recent
    ->  Seq Scan on orders  (cost=0..8 rows=9 width=8) (actual time=0..30.0 rows=60000 loops=1)
"""
TWICE = """\
Append  (cost=0..8 rows=9 width=8) (actual time=0..70.0 rows=40 loops=1)
  CTE recent
    ->  Seq Scan on orders  (cost=0..8 rows=9 width=8) (actual time=0..30.0 rows=60000 loops=1)
  ->  CTE Scan on recent  (cost=0..8 rows=9 width=8) (actual time=0..50.0 rows=20 loops=1)
        Filter: (customer_id = 42)
        Rows Removed by Filter: 59980
  ->  CTE Scan on recent recent_1  (cost=0..8 rows=9 width=8) (actual time=0..10.0 rows=20 loops=1)
        Filter: (customer_id = 43)
        Rows Removed by Filter: 59980
"""
GROUPED = """\
CTE Scan on recent  (cost=0..8 rows=9 width=8) (actual time=0..50.0 rows=10 loops=1)
  Filter: (customer_id = 42)
  Rows Removed by Filter: 59990
  CTE recent
    ->  HashAggregate  (cost=0..8 rows=9 width=8) (actual time=0..30.0 rows=60000 loops=1)
          Group Key: orders.customer_id
          ->  Seq Scan on orders  (cost=0..8 rows=9 width=8) (actual time=0..20.0 rows=90000 loops=1)
"""  # noqa: E501


def plan(rows: int = 60, removed: int = 59_940, total: str = "50.0") -> str:
    return PLAN.format(rows=rows, removed=removed, total=total)


def run(text: str) -> Outcome:
    return diagnose(RULE, a_snapshot(version_num=0), executions=executed(text))


def test_tells_how_many_rows_were_made_for_nothing() -> None:
    [finding] = run(plan()).findings

    assert finding.subject == "WITH recent"
    assert finding.summary == (
        "WITH recent made 60,000 rows, of which a condition outside left 60 over, in 50 ms of 50 ms"
    )
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Let the planner fold recent into the query"
    assert finding.nodes == (0, 1)
    assert finding.impact.bound_ms == pytest.approx(50.0 * 0.999)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(plan(rows=6_700), id="a-tenth-is-used"),
        pytest.param(plan(rows=0, removed=9_999), id="few-rows"),
        pytest.param(TWICE, id="read-twice"),
        pytest.param(GROUPED, id="no-condition-passes-groups"),
        pytest.param(plan(total="4.9").replace("0..30.0", "0..3.0"), id="short"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(text).is_clear


@pytest.mark.parametrize(("removed", "count"), [(10_000, 1), (9_999, 0)])
def test_asks_for_ten_thousand_rows(removed: int, count: int) -> None:
    assert len(run(plan(rows=0, removed=removed)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    assert run("Result  (cost=0..1 rows=1 width=8)").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
