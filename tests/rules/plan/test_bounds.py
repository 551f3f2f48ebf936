"""What every rule on executed plans keeps to: over all recorded plans, no finding is out of bounds.

The limits are lowered as far as they go, so that rules speak of plans that took a millisecond.
"""

from __future__ import annotations

from dataclasses import fields

import pytest

from pgadvisor.config import Config
from pgadvisor.explanation import Explanation, explain_plans
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.registry import load_rules
from pgadvisor.testing import a_snapshot, a_table
from tests.parse.plans.test_recorded_plans import RECORDED

PLAN_RULES = {rule.id: rule for rule in load_rules().values() if rule.category == "plan"}
RECORDED_SO = {
    *("planner-method-off", "hash-join-on-disk", "workers-not-launched", "compilation-dominates"),
}
"""What recorded plans were made to have: methods off, little memory, one worker, compilation."""
LOWEST = {
    rule_id: {
        field.name: 1.0 if field.name.startswith("min_factor") else 0.0
        for field in fields(rule.limits)
        if field.name.startswith("min_")
    }
    for rule_id, rule in PLAN_RULES.items()
}
TABLES = (
    a_table("a", "id int not null", "b_id int", "kind text", "n int", "at timestamptz"),
    a_table("b", "id int not null", "kind text"),
)


def explained(text: str, *, is_lowered: bool, with_tables: bool = False) -> Explanation:
    return explain_plans(
        executions_of(read_plans(text), "recorded"),
        snapshot=a_snapshot(*TABLES) if with_tables else None,
        config=Config(limits=LOWEST) if is_lowered else Config(),
    )


@pytest.mark.parametrize("is_lowered", [False, True], ids=["default-limits", "lowest-limits"])
@pytest.mark.parametrize("name", RECORDED)
def test_no_rule_raises_and_no_bound_exceeds_its_nodes(name: str, is_lowered: bool) -> None:  # noqa: FBT001
    for with_tables in (False, True):
        result = explained(RECORDED[name]["text"], is_lowered=is_lowered, with_tables=with_tables)

        [uses], [diagnosis] = result.uses, result.diagnoses
        assert diagnosis.broken == ()
        for finding in diagnosis.findings:
            if not finding.nodes:  # of the whole plan: test_findings_outside_of_nodes.py has it
                continue
            took = sum(uses.nodes[position].exclusive_time_ms or 0.0 for position in finding.nodes)
            assert len(set(finding.nodes)) == len(finding.nodes)
            assert finding.impact.bound_ms is not None
            assert 0.0 <= finding.impact.bound_ms <= took + 0.01
            assert finding.impact.bound_ms <= (uses.total_time_ms or 0.0) + 0.01


def test_rules_speak_of_recorded_plans_at_all() -> None:
    told = {
        finding.rule_id
        for texts in RECORDED.values()
        for finding in explained(texts["text"], is_lowered=True).findings
    }

    assert len(told) > 3


def test_recorded_plans_of_a_few_milliseconds_are_no_cause_for_a_warning() -> None:
    for name, texts in RECORDED.items():
        loud = [f for f in explained(texts["text"], is_lowered=False).findings if f.severity]
        warned = [f.rule_id for f in loud if f.severity and f.severity.rank > 0]
        assert set(warned) <= RECORDED_SO, name
