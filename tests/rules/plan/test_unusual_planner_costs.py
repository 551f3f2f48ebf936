"""unusual-planner-costs."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "unusual-planner-costs"


def a_plan(settings: str) -> str:
    return f"""\
Seq Scan on orders  (cost=0..9 rows=9 width=8) (actual time=0.000..80.000 rows=60000 loops=1)
Settings: {settings}
Execution Time: 81.000 ms
"""


def run(settings: str, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    return diagnose(RULE, a_snapshot(), executions=executed(a_plan(settings)), **limits)


def test_reports_a_cost_that_is_far_from_usual() -> None:
    [finding] = run("cpu_tuple_cost = '1', parallel_tuple_cost = '0'").findings

    assert finding.subject == "cpu_tuple_cost, parallel_tuple_cost"
    assert finding.summary == (
        "The plan was chosen with costs of its own: cpu_tuple_cost is 1 (usually 0.01); unusual as "
        "well: parallel_tuple_cost"
    )
    assert finding.impact.bound_ms is None
    assert manual(finding)[0] == (
        "`BEGIN;` `SET LOCAL cpu_tuple_cost = DEFAULT;` `SET LOCAL parallel_tuple_cost = DEFAULT;` "
        "then EXPLAIN (ANALYZE, BUFFERS) of the statement, then `COMMIT`."
    )


@pytest.mark.parametrize(
    "settings",
    [
        "random_page_cost = '0.5'",
        "seq_page_cost = '5'",
        "random_page_cost = '0.1', seq_page_cost = '0.2'",
    ],
)
def test_reports_pages_at_random_that_are_cheaper_than_in_order(settings: str) -> None:
    [finding] = run(settings).findings

    assert "random_page_cost" in finding.subject


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param("random_page_cost = '1.1'", id="fast disks"),
        pytest.param("random_page_cost = '0.1', seq_page_cost = '0.1'", id="all in memory"),
        pytest.param("work_mem = '64MB'", id="no cost"),
        pytest.param("parallel_setup_cost = '200'", id="not far"),
    ],
)
def test_leaves_alone(settings: str) -> None:
    assert run(settings).is_clear


@pytest.mark.parametrize(
    ("value", "count"),
    [("0.1", 1), ("0.099", 0), ("0.001", 1), ("0.0011", 0)],
)
def test_asks_for_ten_times_as_much_or_as_little(value: str, count: int) -> None:
    assert len(run(f"cpu_tuple_cost = '{value}'").findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    outcome = diagnose(
        RULE, a_snapshot(), executions=executed("Seq Scan on orders  (cost=0..9 rows=9 width=8)\n")
    )

    assert outcome.reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
