"""Which nodes of two plans do the same work.

A node is known by what it works on: the tables that are read below it, by their names in the
statement, and the subquery that it belongs to.  That stays the same when an index is used, a join
is done by hashing, or the order of joins changes around it.  First the nodes that are alike in
all are paired, then those that differ in more and more; of several that cannot be told apart the
first belongs to the first, so that it does not matter which plan is the first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_comparison import NodePair

_CLASSES = {
    **dict.fromkeys(("Nested Loop", "Hash Join", "Merge Join"), "join"),
    **dict.fromkeys(("Sort", "Incremental Sort"), "sort"),
    **dict.fromkeys(("Aggregate", "Group", "Unique"), "aggregate"),
    **dict.fromkeys(("Gather", "Gather Merge"), "gather"),
    **dict.fromkeys(("Append", "Merge Append"), "append"),
    **dict.fromkeys(("Materialize", "Memoize"), "cache"),
    **dict.fromkeys(("SetOp", "HashSetOp"), "set operation"),
}
_BITMAP_INDEX = "Bitmap Index Scan"
_APART = {"InitPlan", "SubPlan"}
"""How subqueries stand below the node that asks for them; they are no part of its tables."""
_PARAMETERS = re.compile(r" \(returns .*\)$")

Places = tuple[str, ...]
"""Names of what is read, sorted; a table that is read twice under one name stands there twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a node is known by."""

    position: int
    node: ExecutedNode
    kind: str
    """Nodes of one kind do the same in different ways."""
    places: Places
    subquery: str
    """The innermost one that it belongs to; empty: the statement itself."""

    @property
    def everything(self) -> tuple[Hashable, ...]:
        node = self.node
        names = (node.node_type, node.join_type, node.strategy, node.partial_mode, node.operation)
        conditions = (node.index_condition, node.filter, node.join_filter, node.hash_condition)
        return (*self.same_type, names, node.index_name, conditions, node.merge_condition)

    @property
    def same_index(self) -> tuple[Hashable, ...]:
        return *self.same_type, self.node.index_name, self.node.partial_mode

    @property
    def same_type(self) -> tuple[Hashable, ...]:
        return *self.same_work, self.node.node_type

    @property
    def same_work(self) -> tuple[Hashable, ...]:
        return self.subquery, self.kind, self.places

    @property
    def same_work_elsewhere(self) -> Hashable:
        return self.kind, self.places

    @property
    def same_table(self) -> Hashable:
        """Of scans only: the table, whatever it is called in the statement."""
        return (self.kind, self.node.relation) if self.node.relation else None


_STEPS: tuple[Callable[[_Known], Hashable], ...] = (
    lambda known: known.everything,
    lambda known: known.same_index,
    lambda known: known.same_type,
    lambda known: known.same_work,
    lambda known: known.same_work_elsewhere,
    lambda known: known.same_table,
)


def match_nodes(before: PlanUse, after: PlanUse) -> tuple[NodePair, ...]:
    """Pair the nodes of two plans; each node is in exactly one pair.

    Returns:
        Those of the second plan in its order, and those that only the first has behind the node
        that they followed there.
    """
    left, right = list(_known(before)), list(_known(after))
    partners: dict[int, int] = {}
    for step in _STEPS:
        groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for side, nodes in enumerate((left, right)):
            for known in nodes:
                if (key := step(known)) is not None:
                    groups[key][side].append(known.position)
        for mine, others in groups.values():
            partners.update(zip(mine, others, strict=False))
        taken = set(partners.values())
        left = [known for known in left if known.position not in partners]
        right = [known for known in right if known.position not in taken]
    return tuple(_ordered(partners, len(before.nodes), len(after.nodes)))


def places_of(use: PlanUse) -> tuple[Places, ...]:
    """For each node the names of what is read at and below it, without its subqueries."""
    found: list[list[str]] = [[] for _ in use.nodes]
    for position in range(len(use.nodes) - 1, -1, -1):
        each = use.nodes[position]
        if (name := place_of(each.node)) is not None:
            found[position].append(name)
        if each.parent is not None and each.node.parent_relationship not in _APART:
            found[each.parent] += found[position]
    return tuple(tuple(sorted(names)) for names in found)


def subqueries_of(use: PlanUse) -> tuple[str, ...]:
    """For each node the subquery that it belongs to; empty: the statement itself."""
    found: list[str] = []
    for each in use.nodes:
        above = found[each.parent] if each.parent is not None else ""
        name = each.node.subplan_name
        found.append(_PARAMETERS.sub("", name) if name else above)
    return tuple(found)


def _known(use: PlanUse) -> Iterator[_Known]:
    places, subqueries = list(places_of(use)), subqueries_of(use)
    for position, each in enumerate(use.nodes):
        node = each.node
        if node.node_type == _BITMAP_INDEX:
            places[position] = _table_of_bitmap(use.nodes, each, places)
        yield _Known(
            position=position,
            node=node,
            kind=_kind(node),
            places=places[position],
            subquery=subqueries[position],
        )


def _kind(node: ExecutedNode) -> str:
    if node.node_type == _BITMAP_INDEX:
        return node.node_type
    if place_of(node) is not None and node.node_type != "ModifyTable":
        return "scan"
    return _CLASSES.get(node.node_type, node.node_type)


def place_of(node: ExecutedNode) -> str | None:
    """What a node reads by itself, as the statement calls it."""
    if node.node_type in {_BITMAP_INDEX, "ModifyTable"}:
        return None
    return node.alias or node.relation or node.cte_name or node.function_name


def _table_of_bitmap(nodes: Sequence[NodeUse], each: NodeUse, places: Sequence[Places]) -> Places:
    """Of the heap scan that an index's bitmap is for, through what joins bitmaps."""
    above = each
    while above.parent is not None and above.node.node_type.startswith("Bitmap"):
        position = above.parent
        above = nodes[position]
        if above.node.node_type == "Bitmap Heap Scan":
            return places[position]
    return ()


def _ordered(partners: dict[int, int], count: int, other_count: int) -> Iterator[NodePair]:
    firsts = {after: before for before, after in partners.items()}
    gone: dict[int | None, list[int]] = defaultdict(list)
    last: int | None = None
    for before in range(count):
        if before in partners:
            last = partners[before]
        else:
            gone[last].append(before)
    yield from (NodePair(before=position, after=None) for position in gone[None])
    for after in range(other_count):
        yield NodePair(before=firsts.get(after), after=after)
        yield from (NodePair(before=position, after=None) for position in gone[after])
