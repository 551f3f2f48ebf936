"""A plan as the planner made it: a tree of nodes with costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNode:
    """One node of a plan; costs are in planner units, rows and widths are estimates."""

    node_type: str
    """As EXPLAIN names it: ``Index Scan``."""
    startup_cost: float = 0.0
    total_cost: float = 0.0
    rows: float = 0.0
    width_bytes: int = 0
    parent_relationship: str | None = None
    """``Outer``, ``Inner``, ``SubPlan``, ``InitPlan``, ``Member``."""
    subplan_name: str | None = None
    join_type: str | None = None
    operation: str | None = None
    """Of ModifyTable: ``Insert``, ``Update``, ``Delete``, ``Merge``."""
    strategy: str | None = None
    partial_mode: str | None = None
    schema: str | None = None
    relation: str | None = None
    alias: str | None = None
    index_name: str | None = None
    scan_direction: str | None = None
    index_condition: str | None = None
    recheck_condition: str | None = None
    filter: str | None = None
    join_filter: str | None = None
    hash_condition: str | None = None
    merge_condition: str | None = None
    sort_keys: tuple[str, ...] = ()
    presorted_keys: tuple[str, ...] = ()
    group_keys: tuple[str, ...] = ()
    workers_planned: int | None = None
    children: tuple[PlanNode, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    """Keys that have no field here, with their values as JSON text: nothing is dropped."""

    def walk(self) -> Iterator[PlanNode]:
        """Yield this node and all below it, from the top, left to right."""
        waiting: list[PlanNode] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    @property
    def shape(self) -> str:
        """Node types, relations and indexes of the tree, without costs: equal shape, equal plan."""
        names = (self.node_type, self.join_type, self.strategy, self.partial_mode, self.operation)
        places = (self.relation, self.alias, self.index_name, self.scan_direction)
        head = " ".join(part for part in (*names, *places) if part)
        inner = ", ".join(child.shape for child in self.children)
        return f"{head}({inner})" if inner else head


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole plan."""

    root: PlanNode
    settings: tuple[tuple[str, str], ...] = ()
    """Planner settings that are not at their defaults, as ``EXPLAIN (SETTINGS)`` lists them."""

    @property
    def total_cost(self) -> float:
        """The planner's estimate for the whole statement, in planner units."""
        return self.root.total_cost

    @property
    def shape(self) -> str:
        """See :attr:`PlanNode.shape`."""
        return self.root.shape

    @property
    def index_names(self) -> frozenset[str]:
        """Names of all indexes that the plan reads."""
        return frozenset(node.index_name for node in self.root.walk() if node.index_name)
