"""UNION that looks for equal rows where there can be none."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    PlanNode,
    Provenance,
    RewriteStatement,
    Rewritten,
    Severity,
    Skipped,
    Statement,
    disjoint_union,
    format_count,
    format_ratio,
    plan_of,
    rule,
    tables_of,
    time_evidence,
)

_REMOVES_EQUALS = frozenset({"Unique", "Aggregate", "HashAggregate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the search costs something."""

    min_united_rows: float = 1_000.0
    """Rows that are looked through, by the planner's estimate."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A statement that looks for equal rows."""

    statement: Statement
    rewritten: Rewritten
    rows: float


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def needless_deduplication(case: Case, limits: Limits) -> Outcome:
    """UNION looks for equal rows where there can be none.

    ## Why it matters
    UNION without ALL sorts or hashes all rows of its queries, over all of their columns, to leave
    out those that come twice.  It keeps them in memory or writes them to disk, and returns the
    first row only when it has read the last.  Where each query returns a key and a constant tells
    them apart, none comes twice.

    ## What it leaves alone
    Queries that may repeat a row, because no unique key is selected, or share one with another
    query; outer joins, joins of three tables and more, groups and aggregates; UNION inside a
    subquery; few rows; and statements with little time.  It needs the original server's plan of
    the statement.

    ## Before you act
    The server's counters have parameters in the place of constants: look that they differ in the
    application's text.  Rows may come in another order where there is no ORDER BY.

    ## Example
        SELECT 'order' AS kind, id FROM orders UNION SELECT 'invoice', id FROM invoices;
        SELECT 'order' AS kind, id FROM orders UNION ALL SELECT 'invoice', id FROM invoices;
    """
    groups: dict[str, list[_Search]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if (
            "union" not in statement.text.lower()
            or case.share_of_all((statement,)) < limits.min_share_ratio
            or (rewritten := disjoint_union(statement.text, case.catalog)) is None
        ):
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            yield plan
            continue
        rows = _rows_looked_through(plan.root)
        if rows >= limits.min_united_rows:
            found = _Search(statement=statement, rewritten=rewritten, rows=rows)
            groups[case.shape_of(statement)].append(found)
    for searches in groups.values():
        yield _finding(case, searches)


def _rows_looked_through(root: PlanNode) -> float:
    """Rows into the top one of the nodes that leave out equal ones; 0: there is none."""
    for node in root.walk():
        if node.node_type in _REMOVES_EQUALS and node.children:
            return node.children[0].rows
    return 0.0


def _finding(case: Case, found: Sequence[_Search]) -> Finding:
    first = found[0]
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first.statement)
    share = case.share_of_all(statements)
    is_proven = not first.rewritten.conditions
    return Finding(
        subject=name,
        identity=case.shape_of(first.statement),
        summary=f"UNION looks through {format_count(first.rows)} rows of {name} for equal ones, "
        f"of which there are none ({format_ratio(share)} of all time)",
        detail="" if is_proven else f"That is so where {first.rewritten.condition}.",
        evidence=(
            Evidence(
                name="rows that are looked through",
                value=round(first.rows),
                unit="rows",
                source="EXPLAIN on the original server",
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.HIGH if is_proven else Confidence.MEDIUM,
        guards=(
            "each query returns a unique key, so that it repeats no row",
            "no two of the queries have a row in common",
        ),
        remedies=(
            RewriteStatement(
                before=first.statement.text,
                after=first.rewritten.text,
                condition=first.rewritten.condition,
            ),
        ),
        impact=Impact(risk="rows are sorted or hashed for nothing, and none comes before the last"),
        statement_ids=tuple(each.id for each in statements),
    )
