"""What is not the same in two plans of one statement.

Whatever is told of two plans is told, the other way round, where they are exchanged; of a plan
and itself there is nothing to tell.  Small differences are left out: two runs of one plan differ
by a little, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.history.plan_match import match_nodes, place_of, subqueries_of
from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_comparison import ChangeKind, NodePair, PlanChange, PlanComparison

BLOCK_BYTES = 8192
"""Of temporary files; a plan does not tell it, and hardly any server has another one."""

_MIN_TIME_MS = 1.0
_MIN_TIME_RATIO = 0.05
"""Of the longer execution: what is less is no news."""
_ROWS = (2.0, 100.0)
"""How many times more and by how much two figures differ, at the least, to be told."""
_REMOVED_ROWS = (2.0, 1_000.0)
_BUFFERS = (1.5, 100.0)
_BESIDE_MS = (2.0, 5.0)
"""Of planning and compilation."""
_JOINS = {"Nested Loop", "Hash Join", "Merge Join"}
_APART = {"InitPlan", "SubPlan"}
_ORDER = (
    *(ChangeKind.JOIN_ORDER, ChangeKind.JOIN_SIDES, ChangeKind.NODE_TYPE, ChangeKind.INDEX),
    *(ChangeKind.SPILL, ChangeKind.WORKERS, ChangeKind.TIME, ChangeKind.BUFFERS),
)
"""What stands first where nothing else decides; the others follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the two plans."""

    plan: ExecutedPlan
    use: PlanUse


def compare_plans(
    before: tuple[ExecutedPlan, PlanUse], after: tuple[ExecutedPlan, PlanUse]
) -> PlanComparison:
    """Compare two plans of one statement.

    Args:
        before: The first plan, and what its nodes took.
        after: The second one.
    """
    old, new = (_Side(plan=plan, use=use) for plan, use in (before, after))
    pairs = match_nodes(old.use, new.use)
    least_ms = max(
        _MIN_TIME_MS,
        _MIN_TIME_RATIO * max(old.use.total_time_ms or 0.0, new.use.total_time_ms or 0.0),
    )
    changes = [*_of_the_whole(old, new)]
    for pair in pairs:
        changes += _of_pair(pair, old, new, least_ms)
    return PlanComparison(
        pairs=pairs,
        changes=tuple(sorted(changes, key=lambda change: _rank(change, old, new))),
        was_ms=old.use.total_time_ms,
        now_ms=new.use.total_time_ms,
    )


def join_order(use: PlanUse, position: int = 0, *, sides: bool = True) -> str:
    """Write in which order tables are joined below a node: ``((a, b), c)``.

    Args:
        use: The plan.
        position: The node.
        sides: The outer one stands first; else sorted, so that only the order shows.
    """
    children: dict[int, list[int]] = {}
    for number, each in enumerate(use.nodes):
        if each.parent is not None and each.node.parent_relationship not in _APART:
            children.setdefault(each.parent, []).append(number)
    return _joined(use, position, children, sides=sides)


def spilled_bytes(use: NodeUse) -> float:
    """What a node wrote to temporary files; of hash tables without buffers, roughly."""
    node = use.node
    sizes: list[float] = [use.exclusive_buffers.temp_written_blocks * BLOCK_BYTES]
    sorts = (node.sort, *(worker.sort for worker in node.workers))
    sizes += (sort.space_bytes for sort in sorts if sort and sort.space_type == "Disk")
    groups = (node.full_sort_groups, node.presorted_groups)
    sizes += (each.peak_disk_bytes for each in groups if each is not None)
    if node.hash_table is not None and node.hash_table.batches > 1:
        sizes.append((node.hash_table.batches - 1) * node.hash_table.peak_memory_bytes)
    if node.hash_aggregation is not None:
        sizes.append(node.hash_aggregation.disk_bytes)
    if node.storage is not None and node.storage.storage_type == "Disk":
        sizes.append(node.storage.maximum_bytes)
    return max(sizes)


def _joined(use: PlanUse, position: int, children: dict[int, list[int]], *, sides: bool) -> str:
    node = use.nodes[position].node
    below = [_joined(use, child, children, sides=sides) for child in children.get(position, ())]
    told = [text for text in below if text]
    if node.node_type in _JOINS:
        return f"({', '.join(told if sides else sorted(told))})"
    if node.node_type.startswith("Bitmap"):  # their index is none of what is joined
        return node.alias or node.relation or ""
    if len(told) > 1:  # partitions, or the parts of a UNION: which of them are read is no order
        return f"{min(told)}+"
    return told[0] if told else place_of(node) or ""


def _of_the_whole(old: _Side, new: _Side) -> Iterator[PlanChange]:
    yield from _join_changes(old, new)
    mine, others = dict(old.plan.settings), dict(new.plan.settings)
    for name in sorted({*mine, *others}):
        if mine.get(name) != others.get(name):
            yield PlanChange(
                kind=ChangeKind.SETTING, subject=name, was=mine.get(name), now=others.get(name)
            )
    figures = (
        (ChangeKind.JIT, _jit_ms(old.plan), _jit_ms(new.plan)),
        (ChangeKind.PLANNING, old.plan.planning_time_ms, new.plan.planning_time_ms),
    )
    for kind, was, now in figures:
        if _differ(was or 0.0, now or 0.0, _BESIDE_MS) and None not in (was, now):
            yield PlanChange(kind=kind, was=was, now=now)


def _join_changes(old: _Side, new: _Side) -> Iterator[PlanChange]:
    """Of the statement itself, and of each of its subqueries that is in both plans."""
    mine, others = (_tops(side.use) for side in (old, new))
    for name in mine:
        if name not in others:
            continue
        for kind, sides in ((ChangeKind.JOIN_ORDER, False), (ChangeKind.JOIN_SIDES, True)):
            was = join_order(old.use, mine[name], sides=sides)
            now = join_order(new.use, others[name], sides=sides)
            if was != now and was.count("(") == now.count("("):
                shown = (join_order(old.use, mine[name]), join_order(new.use, others[name]))
                yield PlanChange(kind=kind, subject=name, was=shown[0], now=shown[1])
                break


def _tops(use: PlanUse) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, name in enumerate(subqueries_of(use)):
        found.setdefault(name, position)
    return found


def _jit_ms(plan: ExecutedPlan) -> float | None:
    if plan.jit is None:
        return 0.0
    return plan.jit.total_time_ms


def _of_pair(pair: NodePair, old: _Side, new: _Side, least_ms: float) -> Iterator[PlanChange]:
    before = old.use.nodes[pair.before] if pair.before is not None else None
    after = new.use.nodes[pair.after] if pair.after is not None else None
    if before is None or after is None:
        kind = ChangeKind.NEW if before is None else ChangeKind.GONE
        yield PlanChange(
            kind=kind,
            before=pair.before,
            after=pair.after,
            was=before.node.node_type if before else None,
            now=after.node.node_type if after else None,
        )
        return
    for kind, was, now in (*_texts(before.node, after.node), *_figures(before, after, least_ms)):
        yield PlanChange(kind=kind, before=pair.before, after=pair.after, was=was, now=now)


def _texts(
    before: ExecutedNode, after: ExecutedNode
) -> Iterator[tuple[ChangeKind, str | None, str | None]]:
    names = _type_name(before), _type_name(after)
    if names[0] != names[1]:
        yield ChangeKind.NODE_TYPE, *names
    if before.index_name != after.index_name:
        yield ChangeKind.INDEX, before.index_name, after.index_name
    if before.node_type == after.node_type:
        conditions = _conditions(before), _conditions(after)
        if conditions[0] != conditions[1]:
            yield ChangeKind.CONDITION, *conditions


def _type_name(node: ExecutedNode) -> str:
    parts = (
        "Parallel" if node.parallel_aware else None,
        node.partial_mode if node.partial_mode in {"Partial", "Finalize"} else None,
        node.node_type,
        node.strategy,
        node.join_type if node.join_type != "Inner" else None,
    )
    return " ".join(part for part in parts if part)


def _conditions(node: ExecutedNode) -> str:
    named = (
        ("Index Cond", node.index_condition),
        ("Hash Cond", node.hash_condition),
        ("Merge Cond", node.merge_condition),
        ("Join Filter", node.join_filter),
        ("Filter", node.filter),
    )
    return "; ".join(f"{name}: {text}" for name, text in named if text)


def _figures(
    before: NodeUse, after: NodeUse, least_ms: float
) -> Iterator[tuple[ChangeKind, float, float]]:
    told: list[tuple[ChangeKind, float, float, tuple[float, float]]] = [
        (ChangeKind.ESTIMATE, before.node.rows, after.node.rows, _ROWS)
    ]
    if before.node.actual is not None and after.node.actual is not None:
        blocks = (before.exclusive_buffers.touched_blocks, after.exclusive_buffers.touched_blocks)
        told += [
            (ChangeKind.TIME, *_times(before, after), (1.0, least_ms)),
            (ChangeKind.ROWS, before.rows, after.rows, _ROWS),
            (ChangeKind.REMOVED_ROWS, before.removed_rows, after.removed_rows, _REMOVED_ROWS),
            (ChangeKind.BUFFERS, *blocks, _BUFFERS),
        ]
        if (before.loops == 0) != (after.loops == 0):
            yield ChangeKind.EXECUTED, before.loops, after.loops
        spilled = spilled_bytes(before), spilled_bytes(after)
        if _differ(*spilled, _ROWS):
            yield ChangeKind.SPILL, *spilled
    workers = _workers(before.node), _workers(after.node)
    if workers[0] != workers[1]:
        yield ChangeKind.WORKERS, *workers
    for kind, was, now, bounds in told:
        if _differ(was, now, bounds):
            yield kind, was, now


def _times(before: NodeUse, after: NodeUse) -> tuple[float, float]:
    if before.exclusive_time_ms is None or after.exclusive_time_ms is None:
        return 0.0, 0.0
    return before.exclusive_time_ms, after.exclusive_time_ms


def _workers(node: ExecutedNode) -> float:
    launched = node.workers_launched
    return float((node.workers_planned if launched is None else launched) or 0)


def _differ(was: float, now: float, bounds: tuple[float, float]) -> bool:
    ratio, least = bounds
    low, high = sorted((was, now))
    return high - low >= least and high >= ratio * low and high > low


def _rank(change: PlanChange, old: _Side, new: _Side) -> tuple[float, int, int, int]:
    nodes: Sequence[tuple[int | None, PlanUse]] = (
        (change.before, old.use),
        (change.after, new.use),
    )
    times = [
        use.nodes[position].exclusive_time_ms or 0.0 if position is not None else 0.0
        for position, use in nodes
    ]
    weight = abs(times[1] - times[0])
    if change.before is None and change.after is None:
        weight = abs((new.use.total_time_ms or 0.0) - (old.use.total_time_ms or 0.0))
    if change.kind in {ChangeKind.JIT, ChangeKind.PLANNING}:
        weight = abs(change.difference)
    place = change.after if change.after is not None else change.before
    order = _ORDER.index(change.kind) if change.kind in _ORDER else len(_ORDER)
    return (-weight, place if place is not None else -1, order, list(ChangeKind).index(change.kind))
