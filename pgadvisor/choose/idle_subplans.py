"""Subqueries that a plan counts in full, and that hardly a call has run.

A hashed subplan is run when a row first asks for it.  Below an OR the other arm may answer for
all rows, and then it never is; the planner counts it nevertheless, and an index for it seems to
save what nobody pays.  The counters tell: a call that touches fewer blocks than the subplan has
to read has not run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan, PlanNode

_STOPS_EARLY = frozenset({"Limit", "Result"})
_WALKS = frozenset({"Index Scan", "Index Only Scan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idle:
    """A subplan of a statement as it is planned now."""

    cost: float
    idle_ratio: float
    """The least share of the calls that have not run it."""


class IdleSubplans:
    """Takes back what indexes seem to save in subplans that calls have not run.

    Args:
        catalog: How long tables and indexes are; None: nothing is known.
        statements: With the blocks that calls of them touch.
    """

    def __init__(
        self, catalog: Catalog | None = None, statements: Iterable[WeightedStatement] = ()
    ) -> None:
        self._catalog = catalog
        self._blocks = {one.id: one.blocks_per_call for one in statements}
        self._idle: dict[str, dict[str, _Idle]] = {}

    def begin(self, statement_id: str, plan: Plan) -> None:
        """Take a statement's plan of today, which is the one that was counted."""
        blocks = self._blocks.get(statement_id)
        if blocks is None or self._catalog is None:
            return
        found: dict[str, _Idle] = {}
        for name, subplan in _hashed(plan.root):
            least = self._least_blocks(subplan, self._catalog)
            if least > blocks:
                found[name] = _Idle(cost=subplan.total_cost, idle_ratio=1.0 - blocks / least)
        if found:
            self._idle[statement_id] = found

    def taken_back(self, statement_id: str, plan: Plan) -> float:
        """What a plan with other indexes only seems to save, in the planner's units."""
        idle = self._idle.get(statement_id)
        if idle is None:
            return 0.0
        return sum(
            idle[name].idle_ratio * max(idle[name].cost - subplan.total_cost, 0.0)
            for name, subplan in _hashed(plan.root)
            if name in idle
        )

    def _least_blocks(self, node: PlanNode, catalog: Catalog) -> float:
        """What one run reads at least: all of a table, or of an index; 0: not known."""
        while len(node.children) == 1 and node.node_type not in _STOPS_EARLY:
            node = node.children[0]
        if node.children or node.relation is None:
            return 0.0
        table = catalog.find_table(node.schema, node.relation)
        if table is None:
            return 0.0
        if node.node_type == "Seq Scan":
            return float(table.pages)
        if node.node_type in _WALKS and node.index_condition is None:
            indexes = catalog.indexes_by_table[table.oid]
            index = next((one for one in indexes if one.name == node.index_name), None)
            if index is None or index.predicate is not None:
                return 0.0
            heap_pages = table.pages if node.node_type == "Index Scan" else 0
            return heap_pages + index.size_bytes / catalog.snapshot.server.block_size_bytes
        return 0.0


def _hashed(node: PlanNode) -> Iterator[tuple[str, PlanNode]]:
    """Yield the hashed subplans of filters, by their names."""
    for child in node.children:
        name = child.subplan_name
        if name and child.parent_relationship == "SubPlan" and f"hashed {name}" in _filters(node):
            yield name, child
        yield from _hashed(child)


def _filters(node: PlanNode) -> str:
    return f"{node.filter or ''} {node.join_filter or ''}"
