"""What a wrong estimate of rows led to in an executed plan, and what could change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.finding import Severity
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.measured import inputs_of, share_of_plan
from pgadvisor.rulekit.misestimates import JOINS, Misestimate
from pgadvisor.units import format_count

_MIN_TIMES = 10.0
_MIN_LOOPS = 1_000.0
_MIN_SHARE = 0.3
_FAR = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """One way in which a node above was planned for other numbers of rows than it got."""

    words: str
    """A sentence."""
    nodes: tuple[PlacedNode, ...]
    """Those that would be done in another way, the node itself first."""


def consequences_of(found: Misestimate) -> tuple[Consequence, ...]:
    """Tell what the nodes above did because of a wrong estimate, the nearest first.

    It ends where the numbers of rows are as expected again.
    """
    return tuple(_consequences(found))


def changed_nodes(
    found: Misestimate, consequences: Sequence[Consequence]
) -> tuple[PlacedNode, ...]:
    """The node itself and what would be done in another way if its estimate were right.

    Where nothing above is known to have suffered, these are the nodes above, whose way of working
    was chosen by it.
    """
    nodes = {found.node.position: found.node}
    if consequences:
        nodes |= {each.position: each for one in consequences for each in one.nodes}
    else:
        nodes |= {above.position: above for above, _ in _path(found)}
    return tuple(nodes.values())


def severity_of(found: Misestimate, consequences: Sequence[Consequence]) -> Severity:
    """A warning where it led to something that takes time, or is far off where most time is."""
    nodes = {each.position: each for one in consequences for each in one.nodes}
    time_ms = sum(each.exclusive_ms for each in nodes.values())
    if consequences and share_of_plan(found.node, time_ms) >= _MIN_SHARE:
        return Severity.WARNING
    if found.factor >= _FAR and consequences:
        return Severity.WARNING
    return Severity.INFO


def _path(found: Misestimate) -> Iterator[tuple[PlacedNode, PlacedNode]]:
    """Yield nodes above with the one below from which the wrong number came."""
    times = found.times
    below = found.node
    for above in found.node.ancestors():
        if below.node.parent_relationship in {"InitPlan", "SubPlan"}:
            return
        yield above, below
        if above.node.node_type == "Aggregate" and not above.node.group_keys:
            return
        wrong = times[above.position] if found.is_underestimate else 1 / times[above.position]
        # A node that cannot be compared passes on what it got.
        if wrong < _MIN_TIMES and above.node.node_type in {"Limit", "Aggregate", "Unique"}:
            return
        below = above


def _consequences(found: Misestimate) -> Iterator[Consequence]:
    for above, below in _path(found):
        inputs = inputs_of(above) if above.node.node_type in JOINS else ()
        is_outer = bool(inputs) and inputs[0].position == below.position
        if found.is_underestimate:
            yield from _of_more_rows(above, below, inputs, is_outer=is_outer)
        else:
            yield from _of_fewer_rows(above, below, inputs)


def _of_more_rows(
    above: PlacedNode, below: PlacedNode, inputs: Sequence[PlacedNode], *, is_outer: bool
) -> Iterator[Consequence]:
    node = above.node
    if node.node_type == "Nested Loop" and is_outer and len(inputs) > 1:
        expected = max(below.node.rows, 1.0)
        loops = inputs[1].use.loops / max(above.use.loops, 1.0)
        if loops >= _MIN_TIMES * expected and inputs[1].use.loops >= _MIN_LOOPS:
            yield Consequence(
                words=f"A nested loop ran its inner side {format_count(loops)} times "
                f"instead of {format_count(expected)}.",
                nodes=(above, *inputs[1].walk()),
            )
    if node.sort is not None and node.sort.space_type == "Disk":
        yield Consequence(words="A sort went to disk.", nodes=(above,))
    table = node.hash_table
    if table is not None and table.batches > max(table.original_batches, 1):
        parent = above.parent
        yield Consequence(
            words=f"A hash table grew from {max(table.original_batches, 1)} to {table.batches} "
            "batches.",
            nodes=(above, *([parent] if parent is not None else [])),
        )
    if node.hash_aggregation is not None and node.hash_aggregation.disk_bytes:
        yield Consequence(words="A hash aggregate went to disk.", nodes=(above,))


def _of_fewer_rows(
    above: PlacedNode, below: PlacedNode, inputs: Sequence[PlacedNode]
) -> Iterator[Consequence]:
    """A join that read all of one side for a few rows of the other."""
    if above.node.node_type not in {"Hash Join", "Merge Join"}:
        return
    for other in inputs:
        if other.position == below.position:
            continue
        is_much = other.use.rows >= max(_MIN_TIMES * below.use.rows, _MIN_LOOPS)
        if is_much and share_of_plan(other, other.inclusive_ms) >= _MIN_SHARE:
            yield Consequence(
                words=f"A {above.node.node_type.lower()} read {format_count(other.use.rows)} "
                f"rows of its other side for {format_count(below.use.rows)} rows.",
                nodes=(above, *other.walk()),
            )
