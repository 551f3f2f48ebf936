"""Statements that read an index in the place of its table, as the original planned them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pgadvisor.model.statement import Statement
from pgadvisor.rulekit.case import Case

IndexOnlyScans = Mapping[str, tuple[Statement, ...]]
"""Names of indexes, each with the statements that scan it alone, the most expensive first."""


def index_only_scans(case: Case) -> Mapping[int, IndexOnlyScans]:
    """Index-only scans in the plans of the snapshot, by the OID of the table that they spare."""
    statements = {statement.id: statement for statement in case.snapshot.statements}
    found: dict[int, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for made in case.snapshot.plans:
        if made.plan is None or made.statement_id not in statements:
            continue
        for node in made.plan.root.walk():
            if node.node_type != "Index Only Scan" or node.relation is None:
                continue
            table = case.catalog.find_table(node.schema, node.relation)
            if table is not None:
                found[table.oid][node.index_name or ""][made.statement_id] = None
    return {
        oid: {
            name: tuple(statement for key, statement in statements.items() if key in ids)
            for name, ids in by_index.items()
        }
        for oid, by_index in found.items()
    }


def readers_of(scans: IndexOnlyScans) -> tuple[Statement, ...]:
    """The statements of all of them, each once."""
    by_id = {statement.id: statement for own in scans.values() for statement in own}
    return tuple(by_id.values())
