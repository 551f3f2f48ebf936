"""Counting all rows in order to know whether there is one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    RewriteStatement,
    Rewritten,
    Severity,
    Statement,
    block_evidence,
    exists_for_count,
    format_count,
    format_ratio,
    rule,
    tables_of,
    time_evidence,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which counts are worth a change."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""

    min_blocks_per_call_count: float = 100.0
    """Blocks touched in a call, on average; the first row alone is in a few."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def count_for_existence(case: Case, limits: Limits) -> Outcome:
    """A statement counts rows only to compare the count with zero.

    ## Why it matters
    ``count(*) > 0`` reads every row that matches before it answers.  EXISTS stops at the first
    one, and the planner can make a semi-join of it.

    ## What it leaves alone
    Counts that are returned or compared with anything else; counts of a column, of groups or of
    distinct rows; counts that touch few blocks, or take little of the workload's time.  A count
    that the application compares by itself is not seen.

    ## Before you act
    The server keeps a parameter in the place of the number.  Where it is 0 in your statement,
    both forms are the same; where it is 5, they are not, and the finding is less sure.

    ## Example
        SELECT name FROM users u WHERE (SELECT count(*) FROM orders WHERE user_id = u.id) > 0;
        SELECT name FROM users u WHERE EXISTS (SELECT 1 FROM orders WHERE user_id = u.id);
    """
    groups: dict[str, list[tuple[Statement, Rewritten]]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if not _reads_much(case, statement, limits) or "count" not in statement.text.lower():
            continue
        if (rewritten := exists_for_count(statement.text)) is not None:
            groups[case.shape_of(statement)].append((statement, rewritten))
    for found in groups.values():
        yield _finding(case, found)


def _reads_much(case: Case, statement: Statement, limits: Limits) -> bool:
    return (
        statement.calls > 0
        and statement.id in case.usage
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
        and case.share_of_all((statement,)) >= limits.min_share_ratio
    )


def _finding(case: Case, found: Sequence[tuple[Statement, Rewritten]]) -> Finding:
    statements = tuple(statement for statement, _ in found)
    statement, rewritten = found[0]
    share = case.share_of_all(statements)
    name = tables_of(case, statement)
    return Finding(
        subject=name,
        identity=case.shape_of(statement),
        summary=f"A statement on {name} counts rows to know whether there is any, and touches "
        f"{format_count(statement.blocks_per_call)} blocks a call ({format_ratio(share)} of all "
        "time)",
        evidence=(block_evidence(statement), *time_evidence(case, statements)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW if rewritten.conditions else Confidence.HIGH,
        guards=("nothing but the comparison uses the count", "it touches more than a few blocks"),
        remedies=(
            RewriteStatement(
                before=statement.text, after=rewritten.text, condition=rewritten.condition
            ),
        ),
        impact=Impact(risk="all rows that match are read where the first one would do"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )
