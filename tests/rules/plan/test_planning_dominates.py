"""planning-dominates."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "planning-dominates"
PLAN = """\
Index Scan using log_pkey on log  (cost=0..9 rows=9 width=8) \
(actual time=0.000..0.300 rows=1 loops=1)
Planning Time: 40.000 ms
Execution Time: 0.500 ms
"""


def run(plan: str = PLAN, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    return diagnose(RULE, a_snapshot(), executions=executed(plan), **limits)


def test_reports_planning_that_takes_longer_than_running() -> None:
    [finding] = run().findings

    assert finding.summary == "The statement is planned for 40 ms and runs for 0.5 ms"
    assert finding.impact.bound_ms == 40.0
    assert finding.nodes == ()
    assert finding.confidence is Confidence.MEDIUM
    assert manual(finding)[0].startswith("Prepare it")


@pytest.mark.parametrize("blocks", ["shared hit=9 read=1", "shared hit=100"])
def test_believes_less_in_a_session_s_first_statement(blocks: str) -> None:
    plan = PLAN.replace("Planning Time", f"Planning:\n  Buffers: {blocks}\nPlanning Time")

    [finding] = run(plan).findings

    assert finding.confidence is Confidence.LOW
    assert manual(finding)[0].startswith("Run EXPLAIN (ANALYZE) a second time")


def test_names_the_many_nodes_of_a_plan() -> None:
    scans = "".join(
        f"  ->  Seq Scan on p{n}  (cost=0..9 rows=9 width=8) "
        "(actual time=0.000..0.001 rows=0 loops=1)\n"
        for n in range(60)
    )
    plan = PLAN.replace("Index Scan using log_pkey on log", "Append").replace(
        "Planning Time", f"{scans}Planning Time"
    )

    [finding] = run(plan).findings

    assert manual(finding)[0].startswith("The plan has 61 nodes")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Time: 40.000", "Time: 4.999"), id="quickly planned"),
        pytest.param(PLAN.replace("Time: 0.500", "Time: 41.000"), id="it runs for longer"),
        pytest.param(PLAN.replace("Planning Time: 40.000 ms\n", ""), id="no planning time"),
        pytest.param(f"Query Text: refresh materialized view v\n{PLAN}", id="maintenance"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("took", "count"), [("40.000", 1), ("40.001", 0)])
def test_asks_for_half_of_the_time(took: str, count: int) -> None:
    assert len(run(PLAN.replace("Time: 0.500", f"Time: {took}")).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run(
        "Seq Scan on log  (cost=0..9 rows=9 width=8)\nPlanning Time: 50.000 ms\n"
    ).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
