"""Nodes of executed plans, and what a finding about some of them has in common with others.

A rule on executed plans asks for the gate ``executed-plans``, looks at ``executed_nodes(case)``,
and yields what ``at_nodes`` makes: a finding whose saving is bounded by what its nodes took.
``worst_of_each`` leaves one finding where a statement has several plans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Finding
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.schema import Table
from pgadvisor.rulekit.case import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNode:
    """A node of an executed plan with its place in it."""

    execution: Execution
    execution_number: int
    """Its position in ``Case.executions``."""
    uses: PlanUse
    """Of the whole plan."""
    position: int
    """Of the node, from the top, left to right."""

    @property
    def use(self) -> NodeUse:
        """What it took."""
        return self.uses.nodes[self.position]

    @property
    def node(self) -> ExecutedNode:
        """What it is."""
        return self.use.node

    @property
    def exclusive_ms(self) -> float:
        """What it took by itself; 0 where the plan has no times."""
        return self.use.exclusive_time_ms or 0.0

    @property
    def inclusive_ms(self) -> float:
        """What it took with all below it; 0 where the plan has no times."""
        return self.use.inclusive_time_ms or 0.0

    @property
    def total_ms(self) -> float:
        """What the whole plan took; 0 where it has no times."""
        return self.uses.total_time_ms or 0.0

    @property
    def parent(self) -> PlacedNode | None:
        """The node above it."""
        above = self.use.parent
        return None if above is None else replace(self, position=above)

    @property
    def children(self) -> tuple[PlacedNode, ...]:
        """The nodes right below it, from left to right."""
        return tuple(
            replace(self, position=position)
            for position in self._below()
            if self.uses.nodes[position].parent == self.position
        )

    def ancestors(self) -> Iterator[PlacedNode]:
        """Yield the nodes above it, the nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def walk(self) -> Iterator[PlacedNode]:
        """Yield it and all below it, from the top, left to right."""
        yield self
        for position in self._below():
            yield replace(self, position=position)

    def _below(self) -> Iterator[int]:
        depth = self.use.depth
        for position in range(self.position + 1, len(self.uses.nodes)):
            if self.uses.nodes[position].depth <= depth:
                return
            yield position

    @property
    def name(self) -> str:
        """What it is, for people: ``Seq Scan on public.orders o``."""
        return _name(self.node)


def _name(node: ExecutedNode) -> str:
    words = [node.node_type]
    if node.node_type == "ModifyTable" and node.operation:
        words = [node.operation]
    if node.index_name:
        words += ["using", node.index_name]
    if node.relation:
        place = f"{node.schema}.{node.relation}" if node.schema else node.relation
        words += ["on", place]
        if node.alias and node.alias != node.relation:
            words.append(node.alias)
    return " ".join(words)


def executed_nodes(case: Case) -> Iterator[PlacedNode]:
    """Yield the nodes that ran, of all executed plans, from the top, left to right."""
    for number, execution in enumerate(case.executions):
        uses = case.uses_of_executions[number]
        if uses is None:
            continue
        for position, use in enumerate(uses.nodes):
            if use.node.actual is not None and not use.node.never_executed:
                yield PlacedNode(
                    execution=execution, execution_number=number, uses=uses, position=position
                )


def table_of(case: Case, node: ExecutedNode) -> Table | None:
    """The table that a node reads or writes; None: none, or the snapshot does not have it.

    A plan without VERBOSE does not name the schema: then the name must be the only one.
    """
    if node.relation is None:
        return None
    found = [
        table
        for table in case.snapshot.tables
        if table.name == node.relation and node.schema in {None, table.schema}
    ]
    return found[0] if len(found) == 1 else None


def at_nodes(
    finding: Finding, nodes: Sequence[PlacedNode], *, saved_ms: float | None = None
) -> Finding:
    """Say of which nodes of a plan a finding is; that gives it its identity and its bound.

    Args:
        finding: As the rule has made it; without a statement it gets the plan's own.
        nodes: What acting on it would change, the node that it is about first.
        saved_ms: What acting brings at most; it is cut to what the nodes took by themselves.
    """
    first = nodes[0]
    took = sum(node.exclusive_ms for node in nodes)
    bound = took if saved_ms is None else min(max(saved_ms, 0.0), took)
    statement = first.execution.statement_id
    return replace(
        finding,
        identity=f"{_statement_identity(first)}:{_node_identity(first)}",
        impact=replace(finding.impact, bound_ms=bound if first.total_ms else None),
        execution=first.execution_number,
        nodes=tuple(node.position for node in nodes),
        statement_ids=finding.statement_ids or ((statement,) if statement else ()),
    )


def node_source(node: PlacedNode) -> str:
    """Where a figure of a node can be read: ``slow.json, Seq Scan on public.orders``."""
    return f"{node.execution.source}, {node.name}"


def worst_of_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield one finding for each node of each statement: of its plans the one that took most."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        known = worst.get(finding.identity)
        if known is None or (finding.impact.bound_ms or 0.0) > (known.impact.bound_ms or 0.0):
            worst[finding.identity] = finding
    yield from worst.values()


def _statement_identity(node: PlacedNode) -> str:
    if node.execution.fingerprint:
        return node.execution.fingerprint
    shape = node.execution.plan.shape
    return hashlib.sha256(shape.encode()).hexdigest()[:16]


def _node_identity(node: PlacedNode) -> str:
    """Its name, numbered where there are several such nodes before it."""
    name = node.name
    count = sum(_name(use.node) == name for use in node.uses.nodes[: node.position])
    return f"{name} #{count + 1}" if count else name
