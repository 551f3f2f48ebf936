"""Rows that are inserted one by one, very many of them."""

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
    format_count,
    format_ratio,
    rule,
    time_evidence,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the rows come in a stream."""

    min_calls_per_day_count: float = 1_000_000.0
    """Of single inserts into one table: about twelve in a second, day and night."""

    min_share_ratio: float = 0.02
    """Share of them in the workload's execution time."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def row_by_row_insert(case: Case, limits: Limits) -> Outcome:
    """Very many rows are inserted one statement each.

    ## Why it matters
    An INSERT of one row pays for a round trip, for planning, and, where it is a transaction of
    its own, for a flush of the log.  A hundred rows in one statement take little longer than one.

    ## What it leaves alone
    Statements that insert several rows, or those of a query; upserts; what runs inside functions;
    fewer than a million inserts a day; and inserts that take little of the workload's time.

    ## Before you act
    Rows that come from as many users, each waiting for an answer, cannot be put together: then
    nothing is wrong.  Streams of events, imports and logs can, at the price of losing the last
    few when the application dies.

    ## Example
        INSERT INTO events (kind, at) VALUES ($1, $2);
        INSERT INTO events (kind, at) SELECT * FROM unnest($1::text[], $2::timestamptz[]);
    """
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    groups: dict[tuple[Table, str], list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        if use.relation.is_write_target and _inserts_one_row(use):
            groups[table, case.shape_of(use.statement)].append(use.statement)
    for (table, _), statements in groups.items():
        per_day = sum(case.calls_per_day(statement) or 0.0 for statement in statements)
        is_much = case.share_of_all(statements) >= limits.min_share_ratio
        if is_much and per_day >= limits.min_calls_per_day_count:
            yield _finding(case, table, statements, per_day)


def _inserts_one_row(use: StatementOnTable) -> bool:
    statement, text = use.statement, use.statement.text.lower()
    return (
        use.usage.kind is StatementKind.INSERT
        and len(use.usage.relations) == 1
        and statement.source == "pg_stat_statements"
        and statement.is_top_level
        and 0 < statement.rows <= statement.calls
        and "on conflict" not in text
        and "values" in text
    )


def _finding(case: Case, table: Table, statements: Sequence[Statement], per_day: float) -> Finding:
    share = case.share_of_all(statements)
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statements[0])}",
        summary=f"{format_count(per_day)} rows a day are inserted into {table.qualified_name} one "
        f"by one ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="inserts a day",
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
        guards=("each call inserts one row", "it is no upsert, and runs in no function"),
        remedies=(_remedy(table),),
        impact=Impact(risk="each row pays for a round trip, and often for a flush of the log"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _remedy(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Insert into {table.qualified_name} many rows at a time",
        steps=(
            "Collect rows for a few hundred milliseconds, and insert them in one statement.",
            (
                "Arrays make one statement for any number: `INSERT ... SELECT * FROM "
                "unnest($1::text[], $2::timestamptz[])`. Drivers have a way of their own: COPY, "
                "`execute_values`, `reWriteBatchedInserts` of JDBC."
            ),
            (
                "Where statements have to stay, put many into one transaction; or, if the last few "
                "rows may be lost in a crash, `SET synchronous_commit = off` for the role."
            ),
        ),
    )
