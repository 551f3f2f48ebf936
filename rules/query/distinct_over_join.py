"""DISTINCT that takes back the rows that a join has multiplied."""

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
    exists_for_join,
    format_count,
    format_ratio,
    plan_of,
    rule,
    tables_of,
    time_evidence,
)

_REMOVES_EQUALS = frozenset({"Unique", "Aggregate", "HashAggregate", "Group"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the detour costs something."""

    min_joined_rows: float = 1_000.0
    """Rows that the join makes, by the planner's estimate."""

    max_kept_ratio: float = 0.1
    """Share of them that DISTINCT leaves over."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detour:
    """A statement that makes far more rows than it returns."""

    statement: Statement
    rewritten: Rewritten
    joined_rows: float
    kept_rows: float


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def distinct_over_join(case: Case, limits: Limits) -> Outcome:
    """DISTINCT takes back most of the rows that a join has made.

    ## Why it matters
    ``SELECT DISTINCT users.* FROM users JOIN orders ...`` makes a row for each order, then sorts
    or hashes whole rows of users to throw nine of ten away.  EXISTS asks for what is meant, users
    with an order, and makes each row once.

    ## What it leaves alone
    Joins from both sides of which something is selected or sorted by; those that find one row at
    most of the other table, by a unique key, so that equal rows are none of the join's making;
    outer joins, groups and aggregates; joins of three tables and more; DISTINCT that leaves most
    rows over; and statements with little time.  It needs the original server's plan of the
    statement.

    ## Before you act
    The rows are the same, whatever the data.  The figures are the planner's estimates: compare
    both with EXPLAIN (ANALYZE, BUFFERS).

    ## Example
        SELECT DISTINCT u.* FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 100;
        SELECT u.* FROM users u
         WHERE EXISTS (SELECT 1 FROM orders o WHERE o.user_id = u.id AND o.total > 100);
    """
    groups: dict[str, list[_Detour]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if (
            "distinct" not in statement.text.lower()
            or case.share_of_all((statement,)) < limits.min_share_ratio
            or (rewritten := exists_for_join(statement.text, case.catalog)) is None
        ):
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            yield plan
            continue
        joined, kept = _distinct_rows(plan.root)
        if joined >= limits.min_joined_rows and kept <= limits.max_kept_ratio * joined:
            groups[case.shape_of(statement)].append(
                _Detour(
                    statement=statement, rewritten=rewritten, joined_rows=joined, kept_rows=kept
                )
            )
    for found in groups.values():
        yield _finding(case, found)


def _distinct_rows(root: PlanNode) -> tuple[float, float]:
    """Rows into and out of DISTINCT: of the top one of the nodes that remove equal rows."""
    removing = [node for node in root.walk() if node.node_type in _REMOVES_EQUALS]
    if not removing:
        return 0.0, 0.0
    # Workers may remove some before the others are removed.
    return max(node.children[0].rows for node in removing if node.children), removing[0].rows


def _finding(case: Case, found: Sequence[_Detour]) -> Finding:
    first = found[0]
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first.statement)
    share = case.share_of_all(statements)
    return Finding(
        subject=name,
        identity=case.shape_of(first.statement),
        summary=f"A join of {name} makes {format_count(first.joined_rows)} rows, of which DISTINCT "
        f"leaves {format_count(first.kept_rows)} ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="rows of the join",
                value=round(first.joined_rows),
                unit="rows",
                source="EXPLAIN on the original server",
            ),
            Evidence(
                name="rows that are left",
                value=round(first.kept_rows),
                unit="rows",
                source="EXPLAIN on the original server",
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            "nothing is selected from the other table",
            "a row may have several partners in it",
            "both forms return the same rows, whatever the data",
        ),
        remedies=(
            RewriteStatement(
                before=first.statement.text,
                after=first.rewritten.text,
                condition=first.rewritten.condition,
            ),
        ),
        impact=Impact(risk="rows are made, and sorted or hashed, only to be thrown away"),
        statement_ids=tuple(each.id for each in statements),
    )
