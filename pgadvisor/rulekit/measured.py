"""Nodes of executed plans that were timed, and what is said of plans that were not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from pgadvisor.model.finding import Evidence, Skipped
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode, executed_nodes, node_source, table_of

_HOW = "use EXPLAIN (ANALYZE, BUFFERS)"


def unmeasured(case: Case) -> Iterator[Skipped]:
    """Say of each plan that was not executed, or not timed, that it cannot be judged."""
    for execution in case.executions:
        actual = execution.plan.root.actual
        if not execution.plan.was_executed:
            reason = f"the plan was not executed: {_HOW}"
        elif actual is not None and actual.loops > 0 and actual.total_time_ms is None:
            reason = f"the plan has no times: {_HOW}, without TIMING OFF"
        else:
            continue
        yield Skipped(rule_id="", subject=execution.source, reason=reason)


def measured_nodes(case: Case) -> Iterator[PlacedNode]:
    """Yield the nodes that ran, of the executed plans that have times."""
    for node in executed_nodes(case):
        if node.uses.total_time_ms is not None:
            yield node


def inputs_of(node: PlacedNode) -> tuple[PlacedNode, ...]:
    """The nodes that it takes its rows from: not its subqueries, nor CTEs printed below it."""
    return tuple(
        child
        for child in node.children
        if child.node.parent_relationship not in {"InitPlan", "SubPlan"}
    )


def relation_of(case: Case, node: PlacedNode) -> str:
    """The table that a node reads, for people, with its schema where that is known."""
    table = table_of(case, node.node)
    if table is not None:
        return table.qualified_name
    of_node = node.node
    name = of_node.relation or of_node.function_name or of_node.node_type
    return f"{of_node.schema}.{name}" if of_node.schema else name


class TimeLimits(Protocol):
    """Limits of a rule that is about time."""

    @property
    def min_time_ms(self) -> float:
        """Of what acting on it would change."""
        ...

    @property
    def min_time_ratio(self) -> float:
        """The same as a share of the plan's time."""
        ...


def is_worth_it(node: PlacedNode, time_ms: float, limits: TimeLimits) -> bool:
    """Whether a time is long enough by itself, and beside the whole plan's.

    Args:
        node: Of the plan.
        time_ms: What acting would change.
        limits: Of the rule.
    """
    return time_ms >= max(limits.min_time_ms, limits.min_time_ratio * node.total_ms)


def share_of_plan(node: PlacedNode, time_ms: float) -> float:
    """What a time is of the whole plan's, 0 to 1."""
    return part_of(time_ms, node.total_ms)


def part_of(part: float, whole: float) -> float:
    """A share from 0 to 1; 0 of nothing."""
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0


def measured(
    node: PlacedNode, name: str, value: float | str, unit: str = "", figure: str = ""
) -> Evidence:
    """Give a figure of a node as evidence.

    Args:
        node: Whose it is.
        name: What it is.
        value: Numbers are rounded.
        unit: As of ``Evidence``.
        figure: What EXPLAIN calls it: ``actual rows``.
    """
    source = f"{node_source(node)}: {figure}" if figure else node_source(node)
    shown = value if isinstance(value, str) else round(value, 4 if unit == "ratio" else 2)
    if unit in {"rows", "blocks", "runs"} and not isinstance(shown, str):
        shown = round(shown)
    return Evidence(name=name, value=shown, unit=unit, source=source)


def own_time(node: PlacedNode) -> Evidence:
    """What a node took by itself."""
    return measured(node, "time of the node by itself", node.exclusive_ms, "ms", "actual time")
