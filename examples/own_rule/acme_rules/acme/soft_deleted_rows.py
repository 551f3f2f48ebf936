"""Tables that keep most of the rows that were marked as deleted."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Table,
    format_count,
    format_ratio,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When rows that are marked as deleted are worth a job that removes them."""

    min_rows_count: int = 100_000
    """Smaller tables do not mind."""

    min_deleted_ratio: float = 0.5
    """Share of the rows that are marked as deleted."""


@rule(severity=Severity.WARNING, since="1.0", limits=Limits)
def soft_deleted_rows(case: Case, limits: Limits) -> Outcome:
    """Most rows of a table are marked as deleted.

    ## Why it matters
    Rows with a `deleted_at` are read, cached, indexed and backed up like all others.

    ## What it leaves alone
    Tables without a column `deleted_at`, small ones, and those of which fewer rows are marked.

    ## Before you act
    Ask who restores deleted rows, and for how long that has to be possible.

    ## Example
        SELECT count(deleted_at) FROM orders;
        DELETE FROM orders WHERE deleted_at < now() - interval '90 days';
    """
    for table in case.user_tables:
        if table.column("deleted_at") is None or case.rows_of(table) < limits.min_rows_count:
            continue
        statistics = case.statistics_of(table, "deleted_at")
        if statistics is None:
            yield case.skip_table(table, "deleted_at has no statistics: run ANALYZE")
        elif 1 - statistics.null_ratio >= limits.min_deleted_ratio:
            yield _finding(case, table, 1 - statistics.null_ratio)


def _finding(case: Case, table: Table, deleted_ratio: float) -> Finding:
    rows = case.rows_of(table) * deleted_ratio
    return Finding(
        subject=table.qualified_name,
        summary=f"{format_ratio(deleted_ratio)} of the rows of {table.qualified_name} "
        "are marked as deleted",
        evidence=(
            Evidence(
                name="rows marked as deleted",
                value=round(rows),
                unit="rows",
                source="pg_stats.null_frac of deleted_at, pg_class.reltuples",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("the statistics of deleted_at are there",),
        remedies=(
            ManualSteps(
                title=f"Remove about {format_count(rows)} rows from {table.qualified_name}",
                steps=(
                    "Agree on how long a deleted row can be restored.",
                    "Let a job delete older ones, some thousands at a time.",
                ),
            ),
        ),
    )
