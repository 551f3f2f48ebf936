"""compilation-dominates."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.server import Setting
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    diagnose,
    executed,
)
from tests.rules.changes import down, manual, up

RULE = "compilation-dominates"
TEXT = "select status, sum(total) from orders group by status"
PLAN = f"""\
Query Text: {TEXT}
HashAggregate  (cost=9..234567 rows=9 width=8) (actual time=380.000..390.000 rows=9 loops=1)
  ->  Seq Scan on orders  (cost=0..9 rows=9 width=8) (actual time=200.000..300.000 rows=9 loops=1)
JIT:
  Functions: 12
  Options: Inlining true, Optimization true, Expressions true, Deforming true
  Timing: Generation 1.000 ms, Inlining 9.000 ms, Optimization 90.000 ms, Emission 60.000 ms, \
Total 160.000 ms
Execution Time: 400.000 ms
"""
JIT_COST = Setting(name="jit_above_cost", value="100000", value_type="real")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("web",))


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_compiling_that_takes_much_of_a_short_execution() -> None:
    [finding] = run().findings

    assert finding.summary == "Compilation takes 160 ms of 400 ms (40 %)"
    assert finding.detail == "12 functions were compiled for this one execution."
    assert finding.impact.bound_ms == 160.0
    assert finding.nodes == ()
    assert finding.key.endswith(":jit")
    assert "SET LOCAL jit_above_cost = 1000000" in manual(finding)[1]


def test_raises_the_bound_for_the_role_that_runs_it() -> None:
    [finding] = run(PLAN, JIT_COST, STATEMENT).findings

    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET jit_above_cost = 1000000',)
    assert down(finding) == ('ALTER ROLE "web" IN DATABASE "shop" RESET jit_above_cost',)


def test_raises_the_bound_above_what_the_plan_tells_of_it() -> None:
    [finding] = run(f"{PLAN}Settings: jit_above_cost = '5000000'\n").findings

    assert "SET LOCAL jit_above_cost = 10000000" in manual(finding)[1]


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.partition("JIT:")[0] + "Execution Time: 400.000 ms\n", id="not compiled"),
        pytest.param(PLAN.replace("Time: 400.000", "Time: 1160.000"), id="a long one"),
        pytest.param(PLAN.replace("Total 160.000", "Total 19.000"), id="quickly compiled"),
        pytest.param(PLAN.replace(TEXT, f"create table c as {TEXT}"), id="maintenance"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("total", "count"), [("80.000", 1), ("79.999", 0)])
def test_asks_for_a_fifth_of_the_execution(total: str, count: int) -> None:
    assert len(run(PLAN.replace("Total 160.000", f"Total {total}")).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Seq Scan on orders  (cost=9..20 rows=1 width=8)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
