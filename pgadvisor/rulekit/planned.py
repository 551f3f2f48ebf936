"""Statements with the original server's own plan, and figures that many rules show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.model.finding import Evidence, Skipped
from pgadvisor.model.plan import Plan
from pgadvisor.model.statement import Statement
from pgadvisor.rulekit.case import Case


def plan_of(case: Case, statement: Statement) -> Plan | Skipped:
    """The plan that the original server made of a statement, or why it is not known."""
    known = case.plans.get(statement.id)
    if known is not None and known.plan is not None:
        return known.plan
    reason = "the original server's plan of it is not in the snapshot"
    if known is not None and known.reason:
        reason = f"{reason}: {known.reason}"
    return Skipped(rule_id="", subject=f"statement {statement.id}", reason=reason)


def tables_of(case: Case, statement: Statement) -> str:
    """The tables that a statement names, for people; ``statement 42`` where none is known."""
    usage = case.usage.get(statement.id)
    found = {
        case.catalog.root_of(table).qualified_name
        for relation in (usage.relations if usage else ())
        if (table := case.catalog.tables.get(relation.table_oid)) is not None
    }
    return ", ".join(sorted(found)) or f"statement {statement.id}"


def time_evidence(case: Case, statements: Sequence[Statement]) -> Iterator[Evidence]:
    """The time that statements take: of a call of the first one, and of all in the workload."""
    yield Evidence(
        name="mean time of a call",
        value=round(statements[0].mean_time_ms, 2),
        unit="ms",
        source="pg_stat_statements.mean_exec_time",
    )
    yield Evidence(
        name="share of execution time",
        value=round(case.share_of_all(statements), 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )


def block_evidence(statement: Statement) -> Evidence:
    """Blocks that a call touches, in memory or not."""
    return Evidence(
        name="blocks touched a call",
        value=round(statement.blocks_per_call, 1),
        unit="blocks",
        source="pg_stat_statements.shared_blks_hit, shared_blks_read",
    )
