"""Executed plans as a whole: which can be judged, and what is found outside of their nodes."""

from __future__ import annotations

import pytest

from pgadvisor.model.finding import Confidence, Finding, Provenance
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    is_maintenance,
    of_plan,
    setting_in_plan,
    unexecuted,
    without_buffers,
)
from pgadvisor.testing import a_case, a_snapshot, executed

PLAN = """\
Query Text: select * from orders
Limit  (cost=0..9 rows=9 width=8) (actual time=0.000..70.000 rows=9 loops=1)
  Buffers: shared hit=9
  ->  Seq Scan on orders  (cost=0..9 rows=9 width=8) (actual time=0.000..60.000 rows=9 loops=1)
        Buffers: shared hit=9
Settings: work_mem = '64kB'
Planning Time: 20.000 ms
Execution Time: 80.000 ms
"""
FINDING = Finding(
    subject="planning",
    summary="It is slow.",
    evidence=(),
    provenance=Provenance.MEASURED,
    confidence=Confidence.HIGH,
)


@pytest.mark.parametrize(
    ("saved_ms", "bound_ms"), [(30.0, 30.0), (1_000.0, 100.0), (-1.0, 0.0), (None, None)]
)
def test_what_no_node_has_is_bounded_by_planning_and_execution(
    saved_ms: float | None, bound_ms: float | None
) -> None:
    [root] = executed_roots(a_case(a_snapshot(), executions=executed(PLAN)))

    found = at_plan(FINDING, root, "planning", saved_ms=saved_ms)

    assert found.impact.bound_ms == bound_ms
    assert (found.execution, found.nodes) == (0, ())
    assert found.identity == f"{root.execution.fingerprint}:planning"


def test_there_is_one_root_for_each_plan_that_was_executed() -> None:
    plain = "Seq Scan on orders  (cost=0..9 rows=9 width=8)\n"
    case = a_case(a_snapshot(), executions=(*executed(PLAN), *executed(plain)))

    assert [root.name for root in executed_roots(case)] == ["Limit"]
    assert [skipped.reason for skipped in unexecuted(case)] == [
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)"
    ]


@pytest.mark.parametrize(
    ("plan", "count"),
    [
        (PLAN, 0),
        ("\n".join(line for line in PLAN.splitlines() if "Buffers" not in line), 1),
        ("Result  (cost=0..9 rows=9 width=8) (actual time=0.000..0.001 rows=1 loops=1)\n", 0),
        ("Seq Scan on orders  (cost=0..9 rows=9 width=8)\n", 0),
    ],
)
def test_a_plan_that_reads_a_table_and_touches_no_block_does_not_count_them(
    plan: str, count: int
) -> None:
    case = a_case(a_snapshot(), executions=executed(plan))

    assert len(list(without_buffers(case))) == count


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("select 1", False),
        ("update orders set note = 'create'", False),
        ("REFRESH MATERIALIZED VIEW totals", True),
        ("/* nightly */ -- job 7\n create table c as select 1", True),
        ("/* create */ select 1", False),
    ],
)
def test_statements_that_build_or_refresh_are_maintenance(text: str, is_one: bool) -> None:  # noqa: FBT001
    [execution] = executed(PLAN.replace("select * from orders", text.replace("\n", "\n  ")))

    assert is_maintenance(execution) is is_one


def test_a_plan_without_text_is_no_maintenance() -> None:
    [execution] = executed(PLAN.replace("Query Text: select * from orders\n", ""))

    assert not is_maintenance(execution)


def test_a_plan_tells_its_settings_and_its_figures() -> None:
    [root] = executed_roots(a_case(a_snapshot(), executions=executed(PLAN)))

    assert setting_in_plan(root.execution, "work_mem") == "64kB"
    assert setting_in_plan(root.execution, "jit") is None
    assert of_plan(root, "planning", 20.0049, "ms").value == 20.0
    assert of_plan(root, "share", 0.12344, "ratio").value == 0.1234
