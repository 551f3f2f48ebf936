"""Executed plans as a whole: which can be judged, and what is found outside of their nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Evidence, Finding, Skipped
from pgadvisor.model.plan_use import NO_BUFFERS
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode, at_nodes, executed_nodes

_HOW = "use EXPLAIN (ANALYZE, BUFFERS)"
_COMMENT = re.compile(r"\s*(?:/\*.*?\*/|--[^\n]*\n)", re.DOTALL)
_MAINTENANCE = frozenset(("alter", "analyze", "cluster", "create", "refresh", "reindex", "vacuum"))
"""First words of statements that build or refresh something."""


def executed_roots(case: Case) -> Iterator[PlacedNode]:
    """Yield the node at the top of each executed plan."""
    return (node for node in executed_nodes(case) if node.position == 0)


def at_plan(finding: Finding, root: PlacedNode, what: str, *, saved_ms: float | None) -> Finding:
    """Say that a finding is about a whole plan: planning, triggers, compilation, the output.

    Args:
        finding: As the rule has made it; without a statement it gets the plan's own.
        root: The node at the top of the plan.
        what: Tells it from what else the rule may find in the plan.
        saved_ms: What acting brings at most, cut to what the plan took, planning included; None:
            nothing sound can be said.
    """
    placed = at_nodes(finding, [root])
    statement = placed.identity.partition(":")[0]
    plan = root.execution.plan
    took = (plan.planning_time_ms or 0.0) + max(plan.execution_time_ms or 0.0, root.total_ms)
    bound = None if saved_ms is None else min(max(saved_ms, 0.0), took)
    return replace(
        placed,
        identity=f"{statement}:{what}",
        nodes=(),
        impact=replace(finding.impact, bound_ms=bound),
    )


def setting_in_plan(execution: Execution, name: str) -> str | None:
    """What ``EXPLAIN (SETTINGS)`` tells of a setting; None: it is as usual, or nobody asked."""
    return dict(execution.plan.settings).get(name)


def is_maintenance(execution: Execution) -> bool:
    """Whether the statement builds or refreshes something, so that it is run now and then."""
    text = execution.plan.query_text or ""
    while (comment := _COMMENT.match(text)) is not None:
        text = text[comment.end() :]
    words = text.split(maxsplit=1)
    return bool(words) and words[0].lower() in _MAINTENANCE


def of_plan(root: PlacedNode, name: str, value: float | str, unit: str = "") -> Evidence:
    """A figure of an executed plan as a whole, as evidence."""
    shown = round(value, 4 if unit == "ratio" else 2) if isinstance(value, float) else value
    return Evidence(name=name, value=shown, unit=unit, source=root.execution.source)


def unexecuted(case: Case) -> Iterator[Skipped]:
    """Say of each plan that was not executed that it cannot be judged."""
    for execution in case.executions:
        if not execution.plan.was_executed:
            reason = f"the plan was not executed: {_HOW}"
            yield Skipped(rule_id="", subject=execution.source, reason=reason)


def without_buffers(case: Case) -> Iterator[Skipped]:
    """Say of each executed plan that does not count blocks that it cannot be judged."""
    for execution in case.executions:
        if execution.plan.was_executed and _has_no_buffers(execution):
            reason = f"the plan has no buffers: {_HOW}"
            yield Skipped(rule_id="", subject=execution.source, reason=reason)


def _has_no_buffers(execution: Execution) -> bool:
    """TEXT leaves out what is zero; a plan that reads a table touches a block at least."""
    nodes = tuple(execution.plan.root.walk())
    reads = any(node.relation and not node.never_executed for node in nodes)
    return reads and all(node.buffers == NO_BUFFERS for node in nodes)
