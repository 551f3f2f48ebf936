"""Executed plans that are judged by themselves, and how they are reported."""

from __future__ import annotations

import json

import pytest

from pgadvisor.explanation import ExplanationFormat, explain_plans
from pgadvisor.testing import a_snapshot, a_table, an_index, executed
from tests.emit.explain_sample import AFTER, BEFORE

WALK = """\
Index Scan using orders_created on orders  (cost=0..9 rows=1 width=8) \
(actual time=1.000..90.000 rows=3 loops=1)
  Index Cond: (created_at > '2026-03-01'::date)
  Filter: (customer_id = 99)
  Rows Removed by Filter: 53564
  Buffers: shared hit=1124
Settings: enable_seqscan = 'off'
Execution Time: 90.000 ms
"""
FAST = """\
Index Scan using orders_customer on orders  (cost=0..9 rows=300 width=8) \
(actual time=0.000..10.000 rows=300 loops=1)
  Index Cond: (customer_id = 5)
"""
SLOW = """\
Seq Scan on orders  (cost=0..9 rows=300 width=8) (actual time=0.000..100.000 rows=300 loops=1)
  Filter: (customer_id = 7)
  Rows Removed by Filter: 59700
"""


def test_of_findings_that_save_about_as_much_the_surer_one_comes_first() -> None:
    findings = explain_plans(executed(WALK)).findings

    assert [
        (finding.rule_id, round(finding.impact.bound_ms or 0.0, 3)) for finding in findings
    ] == [
        ("inefficient-index-scan", 89.995),
        ("planner-method-off", 90.0),
    ]


@pytest.mark.parametrize("format_", ["text", "json", "html"])
def test_a_report_holds_values_only_where_they_are_asked_for(format_: ExplanationFormat) -> None:
    explanation = explain_plans(executed(BEFORE))

    assert "zebra" not in explanation.report(format_)
    assert "48213" not in explanation.report(format_)
    whole = explain_plans(executed(BEFORE), show_literals=True)
    assert "zebra" in whole.report(format_)


def test_a_report_compares_plans() -> None:
    explanation = explain_plans((*executed(BEFORE), *executed(AFTER)))

    text = explanation.report(compared=[(0, 1)])
    document = json.loads(explanation.report("json", compared=[(0, 1)]))

    assert "was Seq Scan on orders o" in text
    assert "zebra" not in text
    assert [each["after"] for each in document["comparisons"]] == [1]


def test_a_report_knows_from_the_snapshot_which_indexes_are_there() -> None:
    plans = (*executed(FAST), *executed(SLOW))
    orders = a_table()
    index = an_index(orders, "customer_id", name="orders_customer")

    unknown = explain_plans(plans).report(compared=[(0, 1)])
    gone = explain_plans(plans, snapshot=a_snapshot(orders)).report(compared=[(0, 1)])
    there = explain_plans(plans, snapshot=a_snapshot(orders, index)).report(compared=[(0, 1)])

    assert "Index orders_customer is not used any more" in unknown
    assert "Index orders_customer is not there any more" in gone
    assert "the two plans do not tell why" in there
