"""repeated-subplan."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed

RULE = "repeated-subplan"
PLAN = """\
Seq Scan on users u  (cost=0..8 rows=5000 width=8) (actual time=0..{total} rows={loops} loops=1)
  SubPlan 1
    ->  Aggregate  (cost=0..8 rows=1 width=8) (actual time=0..0.02 rows=1 loops={loops})
          ->  Index Scan using i on logins l  (cost=0..8 rows=9 width=8) (actual time=0..0.01 rows=9 loops={loops})
                Index Cond: (user_id = u.id)
"""  # noqa: E501


def plan(loops: int = 5_000, total: str = "120.0") -> str:
    return PLAN.format(loops=loops, total=total)


def run(text: str) -> Outcome:
    return diagnose(RULE, a_snapshot(version_num=0), executions=executed(text))


def test_tells_how_often_the_subquery_was_run() -> None:
    [finding] = run(plan()).findings

    assert finding.subject == "logins"
    assert finding.summary == (
        "A subquery on logins was run 5,000 times, and took 83.3 % of the time (100 ms)"
    )
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Join logins once in place of a subquery for each row"
    assert finding.nodes == (1, 2)
    assert finding.impact.bound_ms == pytest.approx(100.0 * 4_999 / 5_000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(plan(total="201.0"), id="half-of-the-time"),
        pytest.param(plan().replace("SubPlan 1", "InitPlan 1 (returns $0)"), id="an-init-plan"),
        pytest.param(plan(loops=1, total="0.03"), id="hashed-or-run-once"),
        pytest.param(plan(total="5.0").replace("..0.02", "..0.0009"), id="short"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(text).is_clear


@pytest.mark.parametrize(("loops", "count"), [(1_000, 1), (999, 0)])
def test_asks_for_a_thousand_runs(loops: int, count: int) -> None:
    assert len(run(plan(loops=loops, total="25.0")).findings) == count


def test_says_what_a_plan_lacks() -> None:
    assert run("Result  (cost=0..1 rows=1 width=8)").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
