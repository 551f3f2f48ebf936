"""What each node of an executed plan took by itself.

EXPLAIN gives averages over loops, the loops of all processes added up, and each node's figures
include those of what ran while it ran.  So a node's time is average times loops, divided by the
processes that ran side by side; below a Gather these are as many as its plan was started for
each time that the Gather was.

CTEs and init plans are printed below the node that they were planned with, and run while some
other node asks for them: the one that scans the CTE or has the parameter in an expression.  There
their time is taken off, once.  Where several could be it, the figures decide: only a node that
took at least as long can be the one.

Times are printed in microseconds, so that a node of a million loops may be wrong by half a second.
What was measured below a node is never counted with more than the node itself took.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import islice

from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_use import NO_BUFFERS, Buffers

_GATHERS = {"Gather", "Gather Merge"}
_RETURNS = re.compile(r"\(returns (?P<parameters>\$[0-9]+(?:, ?\$[0-9]+)*)\)")
_BUFFER_FIELDS = tuple(each.name for each in fields(Buffers))
_MAX_COMPARISONS = 5_000_000
"""Of init plans with nodes; beyond, they count for the node that they are printed below."""
_CLOSE_ENOUGH = 0.98
"""Of an init plan's time in a node's: both are rounded."""


@dataclass(slots=True)
class _Entry:
    """A node while it is accounted for."""

    node: ExecutedNode
    position: int
    depth: int
    parent: _Entry | None
    processes: float
    time_ms: float = 0.0
    """What was measured, with all below it."""
    slack_ms: float = 0.0
    """What of it no node below and no init plan has taken."""
    parts: list[tuple[_Entry, float]] = field(default_factory=list)
    """What ran while it ran, and how much of it."""
    whole_of: int = 0
    """How many nodes it ran for; what it took is known when all of these are."""
    attributed_ms: float = 0.0
    exclusive_ms: float = 0.0
    excess_ms: float = 0.0
    buffers: Buffers = NO_BUFFERS
    """Exclusive ones."""


def plan_use(plan: ExecutedPlan) -> PlanUse:
    """Return what each node took by itself.

    The exclusive times add up to the total; what ran after the root is part of it.
    """
    entries = list(_entries(plan.root))
    init_plans = [entry for entry in entries if _is_init_plan(entry)]
    has_times = _has_times(plan)
    for entry in entries:
        if entry.parent is not None and not _is_init_plan(entry):
            entry.parent.parts.append((entry, entry.time_ms))
    for entry in entries:
        entry.slack_ms = entry.time_ms - sum(time for _, time in entry.parts)
        below = [part.node.buffers for part, _ in entry.parts]
        entry.buffers = _minus(entry.node.buffers, below)
    is_huge = len(init_plans) * len(entries) > _MAX_COMPARISONS
    late_ms = sum(_place(entry, [] if is_huge else entries) for entry in init_plans)
    _attribute(entries)
    return PlanUse(
        nodes=tuple(_use(entry, has_times=has_times) for entry in entries),
        total_time_ms=entries[0].time_ms + late_ms if has_times else None,
    )


def _use(entry: _Entry, *, has_times: bool) -> NodeUse:
    return NodeUse(
        node=entry.node,
        depth=entry.depth,
        parent=entry.parent.position if entry.parent else None,
        inclusive_time_ms=entry.attributed_ms if has_times else None,
        exclusive_time_ms=entry.exclusive_ms if has_times else None,
        excess_time_ms=entry.excess_ms,
        exclusive_buffers=entry.buffers,
        processes=entry.processes,
    )


def _has_times(plan: ExecutedPlan) -> bool:
    actual = plan.root.actual
    return actual is not None and (actual.total_time_ms is not None or actual.loops == 0)


def _is_init_plan(entry: _Entry) -> bool:
    return entry.node.parent_relationship == "InitPlan" and entry.parent is not None


def _entries(root: ExecutedNode) -> Iterator[_Entry]:
    waiting: list[tuple[ExecutedNode, _Entry | None]] = [(root, None)]
    position = 0
    while waiting:
        node, parent = waiting.pop()
        processes = _processes(node, parent)
        entry = _Entry(node, position, parent.depth + 1 if parent else 0, parent, processes)
        if node.actual is not None and node.actual.total_time_ms is not None:
            entry.time_ms = node.actual.total_time_ms * node.actual.loops / processes
        yield entry
        position += 1
        waiting += ((child, entry) for child in reversed(node.children))


def _processes(node: ExecutedNode, parent: _Entry | None) -> float:
    """Return how many processes run a node side by side."""
    if parent is None:
        return 1.0
    if parent.node.node_type not in _GATHERS or node.parent_relationship == "InitPlan":
        return parent.processes
    above, actual = parent.node.actual, node.actual
    if above is None or actual is None or above.loops == 0:
        return 1.0
    return max(1.0, actual.loops / above.loops)


def _place(init_plan: _Entry, entries: list[_Entry]) -> float:
    """Charge an init plan to the nodes that it ran for; return what ran after all of them."""
    assert init_plan.parent is not None  # noqa: S101 - else it is no init plan
    candidates = [
        entry for entry in _subtree(init_plan.parent, entries) if not _is_within(entry, init_plan)
    ]
    asking = [entry for entry in candidates if _asks_for(entry.node, init_plan.node)]
    _place_buffers(init_plan, asking, candidates)
    left = init_plan.time_ms
    for group in (asking, candidates):
        fitting = (entry for entry in group if entry.slack_ms >= left * _CLOSE_ENOUGH)
        first = next(fitting, None)
        group_order = [first] if first else sorted(group, key=lambda each: -each.slack_ms)
        for entry in group_order:
            taken = left if entry is first else min(left, max(entry.slack_ms, 0.0))
            if taken > 0:
                entry.parts.append((init_plan, taken))
                init_plan.whole_of += 1
                entry.slack_ms -= taken
                left -= taken
        if asking and init_plan.node.node_type == "ModifyTable":
            break  # what its readers did not ask for runs at the end
    if init_plan.node.node_type == "ModifyTable" and left > 0:
        init_plan.attributed_ms = left
        return left
    init_plan.parent.excess_ms += left
    return 0.0


def _subtree(top: _Entry, entries: list[_Entry]) -> Iterator[_Entry]:
    yield top
    for entry in islice(entries, top.position + 1, None):
        if entry.depth <= top.depth:
            return
        yield entry


def _is_within(entry: _Entry, top: _Entry) -> bool:
    above: _Entry | None = entry
    while above is not None and above.depth >= top.depth:
        if above is top:
            return True
        above = above.parent
    return False


def _asks_for(node: ExecutedNode, init_plan: ExecutedNode) -> bool:
    """Tell whether a node scans a CTE, or has an init plan's result in an expression."""
    name = init_plan.subplan_name or ""
    if name.startswith("CTE "):
        return node.node_type == "CTE Scan" and node.cte_name == name.removeprefix("CTE ")
    texts = list(_expressions(node))
    returns = _RETURNS.search(name)
    if returns is None:  # since 17
        return any(f"({name})." in text for text in texts)
    for parameter in returns["parameters"].split(","):
        pattern = re.compile(re.escape(parameter.strip()) + r"(?![0-9])")
        if any(pattern.search(text) for text in texts):
            return True
    return False


def _expressions(node: ExecutedNode) -> Iterator[str]:
    conditions = (
        *(node.index_condition, node.recheck_condition, node.filter, node.join_filter),
        *(node.hash_condition, node.merge_condition),
    )
    yield from (text for text in conditions if text)
    yield from node.output
    yield from (text for _, text in node.extra)


def _place_buffers(init_plan: _Entry, asking: list[_Entry], others: list[_Entry]) -> None:
    left = init_plan.node.buffers
    if left == NO_BUFFERS:
        return
    for entry in (*asking, *others):
        if _covers(entry.buffers, left):
            entry.buffers = _minus(entry.buffers, [left])
            return
    for entry in asking:  # each has asked for a part of the rows
        before = entry.buffers
        entry.buffers = _minus(before, [left])
        left = _minus(left, [before])


def _covers(buffers: Buffers, wanted: Buffers) -> bool:
    return all(
        getattr(buffers, name) >= getattr(wanted, name)
        for name in _BUFFER_FIELDS
        if name.endswith("_blocks")
    )


def _minus(buffers: Buffers, below: list[Buffers]) -> Buffers:
    below = [each for each in below if each != NO_BUFFERS]
    if not below or buffers == NO_BUFFERS:
        return buffers
    figures: dict[str, int | float] = {}
    for name in _BUFFER_FIELDS:
        figures[name] = max(getattr(buffers, name) - sum(getattr(b, name) for b in below), 0)
    return Buffers(**figures)  # type: ignore[arg-type]  # counts stay whole, times do not


def _attribute(entries: list[_Entry]) -> None:
    """Share out each node's time among itself and what ran while it ran, from the top."""
    waiting_for = [
        entry.whole_of if _is_init_plan(entry) else int(entry.parent is not None)
        for entry in entries
    ]
    entries[0].attributed_ms = entries[0].time_ms
    ready = deque(entry for entry in entries if not waiting_for[entry.position])
    done = [False] * len(entries)
    rest = iter(entries)
    while True:
        # An init plan that asks for itself through another one is in no real plan.
        entry = ready.popleft() if ready else next((e for e in rest if not done[e.position]), None)
        if entry is None:
            return
        if done[entry.position]:
            continue
        done[entry.position] = True
        measured = sum(time for _, time in entry.parts)
        share = min(1.0, entry.attributed_ms / measured) if measured else 1.0
        entry.excess_ms += max(measured - entry.attributed_ms, 0.0)
        entry.exclusive_ms = max(entry.attributed_ms - measured * share, 0.0)
        for part, time in entry.parts:
            part.attributed_ms += time * share
            waiting_for[part.position] -= 1
            if not waiting_for[part.position]:
                ready.append(part)
