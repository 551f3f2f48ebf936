"""costly-serialization."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "costly-serialization"
PLAN = """\
Seq Scan on documents  (cost=0..9 rows=9 width=8) (actual time=0.000..100.000 rows=6000 loops=1)
Planning Time: 0.100 ms
Serialization: time=800.000 ms  output=94208kB  format=text
Execution Time: 1000.000 ms
"""


def run(plan: str = PLAN, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    return diagnose(RULE, a_snapshot(), executions=executed(plan), **limits)


def test_reports_a_result_that_takes_long_to_write() -> None:
    [finding] = run().findings

    assert finding.summary == "Writing 92 MB of result takes 800 ms of 1 s (80 %)"
    assert finding.detail == "The result has 6,000 rows."
    assert finding.impact.bound_ms == 800.0
    assert finding.nodes == ()
    assert "binary format" in manual(finding)[-1]


def test_a_binary_result_cannot_be_made_one() -> None:
    [finding] = run(PLAN.replace("format=text", "format=binary")).findings

    assert len(manual(finding)) == 2


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("time=800.000", "time=499.000"), id="a small part"),
        pytest.param(
            PLAN.replace("time=800.000", "time=49.000").replace("Time: 1000", "Time: 60"),
            id="quickly written",
        ),
        pytest.param(
            "\n".join(line for line in PLAN.splitlines() if "Serial" not in line),
            id="not measured",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


def test_a_plan_that_was_not_executed_cannot_be_judged() -> None:
    plan = "Seq Scan on documents  (cost=0..9 rows=9 width=8)"

    assert run(plan).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)


@pytest.mark.parametrize(("took", "count"), [("500.000", 1), ("499.999", 0)])
def test_asks_for_half_of_the_execution(took: str, count: int) -> None:
    assert len(run(PLAN.replace("time=800.000", f"time={took}")).findings) == count


def test_cannot_judge_without_plans() -> None:
    assert diagnose(RULE, a_snapshot()).reasons == ("no executed plans were given",)
