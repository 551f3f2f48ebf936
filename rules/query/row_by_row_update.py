"""Rows that are changed by one statement each, in very great numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    finds_by_key,
    format_count,
    format_ratio,
    rule,
    time_evidence,
)

_CHANGES = {StatementKind.UPDATE: "updated", StatementKind.DELETE: "deleted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the rows come in a stream."""

    min_calls_per_day_count: float = 1_000_000.0
    """Of one statement: about twelve in a second, day and night."""

    min_share_ratio: float = 0.02
    """Share of it in the workload's execution time."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def row_by_row_update(case: Case, limits: Limits) -> Outcome:
    """Very many rows are updated or deleted by one statement each.

    ## Why it matters
    An UPDATE of one row by its key pays for a round trip, for planning, and, where it is a
    transaction of its own, for a flush of the log.  A hundred keys in one statement take little
    longer than one.

    ## What it leaves alone
    Statements that do not find their row by a unique key, or change several; what runs inside
    functions; fewer than a million calls a day; and statements that take little of the
    workload's time.

    ## Before you act
    Changes that come from as many users, each waiting for an answer, cannot be put together: then
    nothing is wrong.  Two jobs that change the same rows many at a time have to take them in the
    same order, or they run into deadlocks.

    ## Example
        UPDATE devices SET seen_at = $1 WHERE id = $2;
        UPDATE devices d SET seen_at = n.seen_at
          FROM unnest($1::bigint[], $2::timestamptz[]) AS n (id, seen_at) WHERE d.id = n.id;
    """
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    groups: dict[tuple[Table, str], list[StatementOnTable]] = defaultdict(list)
    for table, use in case.uses():
        if _changes_one_row(case, table, use):
            groups[table, case.shape_of(use.statement)].append(use)
    for (table, _), uses in groups.items():
        statements = tuple(use.statement for use in uses)
        per_day = sum(case.calls_per_day(statement) or 0.0 for statement in statements)
        is_much = case.share_of_all(statements) >= limits.min_share_ratio
        if is_much and per_day >= limits.min_calls_per_day_count:
            yield _finding(case, table, uses[0].usage.kind, statements, per_day)


def _changes_one_row(case: Case, table: Table, use: StatementOnTable) -> bool:
    statement = use.statement
    return (
        use.usage.kind in _CHANGES
        and use.relation.is_write_target
        and len(use.usage.relations) == 1
        and statement.source == "pg_stat_statements"
        and statement.is_top_level
        and 0 < statement.rows <= statement.calls
        and finds_by_key(case, table, use.relation)
    )


def _finding(
    case: Case, table: Table, kind: StatementKind, statements: Sequence[Statement], per_day: float
) -> Finding:
    share = case.share_of_all(statements)
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statements[0])}",
        summary=f"{format_count(per_day)} rows of {table.qualified_name} a day are "
        f"{_CHANGES[kind]} one by one ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="calls a day",
                value=round(per_day),
                unit="calls",
                source="pg_stat_statements.calls",
            ),
            Evidence(
                name="log written a call",
                value=round(statements[0].wal_bytes / statements[0].calls),
                unit="bytes",
                source="pg_stat_statements.wal_bytes",
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW,
        guards=("each call changes one row, by its key", "it runs in no function"),
        remedies=(_remedy(table, kind),),
        impact=Impact(risk="each row pays for a round trip, and often for a flush of the log"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _remedy(table: Table, kind: StatementKind) -> ManualSteps:
    is_update = kind is StatementKind.UPDATE
    form = (
        "`UPDATE ... FROM unnest($1::bigint[], $2::text[]) AS n (id, value) WHERE t.id = n.id`"
        if is_update
        else "`DELETE ... WHERE id = ANY ($1)`"
    )
    return ManualSteps(
        title=f"Change rows of {table.qualified_name} many at a time",
        steps=(
            "Collect changes for a few hundred milliseconds, the last one of each row.",
            f"Arrays make one statement for any number: {form}, sorted by the key.",
            (
                "Where statements have to stay, put many into one transaction; or, if the last few "
                "changes may be lost in a crash, `SET synchronous_commit = off` for the role."
            ),
        ),
    )
