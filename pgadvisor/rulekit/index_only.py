"""Statements that read an index in the place of its table, as the original planned them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pgadvisor.model.plan import Plan
from pgadvisor.model.statement import Statement
from pgadvisor.rulekit.case import Case

IndexOnlyScans = Mapping[str, tuple[Statement, ...]]
"""Names of indexes, each with the statements that scan it alone, the most expensive first."""


def index_only_scans(case: Case) -> Mapping[int, IndexOnlyScans]:
    """Index-only scans in the plans of the snapshot, by the OID of the table that they spare."""
    plans: dict[str, list[Plan]] = defaultdict(list)
    for made in case.snapshot.plans:
        if made.plan is not None:
            plans[made.statement_id].append(made.plan)
    found: dict[int, dict[str, dict[str, Statement]]] = defaultdict(lambda: defaultdict(dict))
    for statement in case.snapshot.statements:
        for node in (node for plan in plans[statement.id] for node in plan.root.walk()):
            if node.node_type != "Index Only Scan" or node.relation is None:
                continue
            table = case.catalog.find_table(node.schema, node.relation)
            if table is not None:
                found[table.oid][node.index_name or ""][statement.id] = statement
    return {
        oid: {name: tuple(own.values()) for name, own in by_index.items()}
        for oid, by_index in found.items()
    }


def readers_of(scans: IndexOnlyScans) -> tuple[Statement, ...]:
    """The statements of all of them, each once."""
    by_id = {statement.id: statement for own in scans.values() for statement in own}
    return tuple(by_id.values())
