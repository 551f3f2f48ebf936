"""What findings about whole plans keep to: over all recorded plans, no bound exceeds the plan."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pgadvisor.config import Config
from pgadvisor.explanation import explain_plans
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.registry import load_rules
from tests.parse.plans.test_recorded_plans import RECORDED

WITHOUT_A_BOUND = {"unusual-planner-costs"}
LOWEST = {
    rule.id: {
        field.name: 1.0 if field.name.startswith("min_factor") else 0.0
        for field in fields(rule.limits)
        if field.name.startswith("min_")
    }
    for rule in load_rules().values()
    if rule.category == "plan"
}
PLANTED = "hunter2"
PLAN = f"""\
Query Text: select * from orders where note = '{PLANTED}'
Sort  (cost=9..10 rows=60000 width=150) (actual time=300.000..400.000 rows=60000 loops=1)
  Sort Key: (replace(note, '{PLANTED}'::text, ''::text))
  Sort Method: external merge  Disk: 9216kB
  Buffers: shared hit=9 read=90000, temp read=1152 written=1152
  I/O Timings: shared read=250.000
  ->  Nested Loop  (cost=0..9 rows=9 width=150) (actual time=0.000..290.000 rows=60000 loops=1)
        Join Filter: (a.note = '{PLANTED}'::text)
        Buffers: shared hit=9 read=90000
        I/O Timings: shared read=250.000
        ->  Index Scan using orders_note_idx on orders a  (cost=0..9 rows=9 width=150) \
(actual time=0.000..120.000 rows=9 loops=1)
              Index Cond: (note > '{PLANTED}'::text)
              Filter: (note <> '{PLANTED}'::text)
              Buffers: shared hit=9 read=90000
              I/O Timings: shared read=250.000
        ->  Memoize  (cost=0..9 rows=9 width=150) (actual time=0.010..0.010 rows=9 loops=9000)
              Cache Key: replace(a.note, '{PLANTED}'::text, ''::text)
              Hits: 1  Misses: 8999  Evictions: 8000  Overflows: 0  Memory Usage: 9kB
              ->  Seq Scan on orders b  (cost=0..9 rows=9 width=150) \
(actual time=0.000..0.009 rows=9 loops=8999)
                    Filter: (note <> '{PLANTED}'::text)
Settings: enable_hashjoin = 'off', cpu_tuple_cost = '9'
Planning Time: 500.000 ms
Trigger keep_history: time=100.000 calls=500
Execution Time: 520.000 ms
"""


@pytest.mark.parametrize("name", RECORDED)
def test_no_bound_exceeds_planning_and_execution(name: str) -> None:
    executions = executions_of(read_plans(RECORDED[name]["text"]), "recorded")

    [diagnosis] = explain_plans(executions, config=Config(limits=LOWEST)).diagnoses

    assert diagnosis.broken == ()
    plan = executions[0].plan
    took = (plan.planning_time_ms or 0.0) + (plan.execution_time_ms or 0.0)
    for finding in diagnosis.findings:
        if finding.rule_id in WITHOUT_A_BOUND:
            assert finding.impact.bound_ms is None
        elif not finding.nodes:
            assert finding.impact.bound_ms is not None
            assert 0.0 <= finding.impact.bound_ms <= took + 0.01


def test_no_rule_repeats_a_literal() -> None:
    executions = executions_of(read_plans(PLAN), "planted")

    [diagnosis] = explain_plans(executions, config=Config(limits=LOWEST)).diagnoses

    assert diagnosis.broken == ()
    assert {"sort-on-disk", "useless-memoize", "cold-reads", "costly-triggers"} <= {
        finding.rule_id for finding in diagnosis.findings
    }
    assert PLANTED not in repr(diagnosis.findings)
