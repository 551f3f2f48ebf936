"""Counting all rows of a large table."""

from collections import defaultdict
from collections.abc import Iterator
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
    RelationKind,
    Severity,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_ms,
    format_ratio,
    qualified,
    quote_literal,
    rule,
    share_of_time,
    table_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which counts are too long."""

    min_table_rows: int = 10_000_000
    """Smaller tables are counted in a second or so."""

    min_share_ratio: float = 0.01
    """Share of the workload's execution time of all such counts of the table."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def whole_table_count(case: Case, limits: Limits) -> Outcome:
    """A statement counts all rows of a large table.

    ## Why it matters
    PostgreSQL keeps no count of rows: which ones exist is for each transaction to see.  So
    ``count(*)`` without a condition reads the whole table or the whole of an index, each time,
    and takes longer as the table grows.  Most who ask want about so many, or whether there is
    another page.

    ## What it leaves alone
    Counts with a condition, with groups or over a LIMIT; counts of distinct values; smaller
    tables; tables with row security, where each role has a count of its own; and counts that
    take little of the workload's time.

    ## Before you act
    The estimate of ``pg_class`` is as good as the last VACUUM or ANALYZE, a few percent off as a
    rule.  Where the number has to be exact, as in accounting, keep it in a table of its own.

    ## Example
        SELECT count(*) FROM events;
        SELECT reltuples::bigint FROM pg_class WHERE oid = 'public.events'::regclass;
    """
    groups: dict[Table, list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        if case.rows_of(table) >= limits.min_table_rows and _counts_all(table, use):
            groups[table].append(use.statement)
    for table, statements in groups.items():
        if case.share_of_all(statements) >= limits.min_share_ratio:
            yield _finding(case, table, statements)


def _counts_all(table: Table, use: StatementOnTable) -> bool:
    usage, relation = use.usage, use.relation
    return (
        usage.kind is StatementKind.SELECT
        and len(usage.relations) == 1
        and not usage.unresolved
        and {name.rsplit(".", 1)[-1] for name in usage.functions} == {"count"}
        and not (relation.predicates or relation.wrapped or relation.joins)
        and not (relation.group_columns or relation.group_expressions)
        and not (relation.output_columns or relation.reads_whole_row)
        and not relation.has_limit
        # A window function called count() returns as many rows as there are.
        and use.statement.rows <= use.statement.calls
        and not table.has_row_security
        and "tablesample" not in use.statement.text.lower()
    )


def _finding(case: Case, table: Table, statements: list[Statement]) -> Finding:
    share = case.share_of_all(statements)
    calls = [case.calls_per_day(statement) for statement in statements]
    per_day = sum(count for count in calls if count is not None)
    return Finding(
        subject=table.qualified_name,
        summary=f"All {format_count(case.rows_of(table))} rows of {table.qualified_name} are "
        f"counted {_how_often(per_day)} ({format_ratio(share)} of all time)",
        detail=f"A count takes {format_ms(statements[0].mean_time_ms)} on average.",
        evidence=tuple(_evidence(case, table, statements, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "it has no condition, no groups and no LIMIT",
            "the table has no row security",
        ),
        remedies=(_remedy(table),),
        impact=Impact(risk="each count reads the whole table or the whole of an index"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _how_often(per_day: float) -> str:
    if per_day >= 2:  # noqa: PLR2004  (once or twice, in words)
        return f"{format_count(per_day)} times a day"
    return "about once a day" if per_day > 0 else "again and again"


def _evidence(
    case: Case, table: Table, statements: list[Statement], share: float
) -> Iterator[Evidence]:
    yield table_rows(case, table, "rows of the table")
    yield Evidence(
        name="calls",
        value=sum(statement.calls for statement in statements),
        unit="calls",
        source="pg_stat_statements.calls",
    )
    yield Evidence(
        name="mean time of a call",
        value=round(statements[0].mean_time_ms, 1),
        unit="ms",
        source="pg_stat_statements.mean_exec_time",
    )
    yield share_of_time(share)


def _remedy(table: Table) -> ManualSteps:
    name = qualified(table.schema, table.name)
    bounded = f"SELECT count(*) FROM (SELECT FROM {name} LIMIT 10001) AS counted"  # noqa: S608
    return ManualSteps(
        title=f"Do without counting {table.qualified_name}",
        steps=(
            f"Where the number is only shown, take the estimate: `{_estimate(table)}`.",
            (
                "Where it serves a pager, ask for one row more than the page holds, or count up "
                f"to a bound: `{bounded}`."
            ),
            (
                "Where it has to be exact, keep it in a table of its own: a trigger FOR EACH "
                "STATEMENT with a transition table adds what was inserted and takes off what was "
                "deleted.  One row for all writers is a lock that they queue for, so let each add "
                "a row, and sum the rows up now and then."
            ),
        ),
    )


def _estimate(table: Table) -> str:
    oid = f"{quote_literal(qualified(table.schema, table.name))}::regclass"
    if table.kind is not RelationKind.PARTITIONED_TABLE:
        return f"SELECT reltuples::bigint FROM pg_class WHERE oid = {oid}"  # noqa: S608
    return (
        "SELECT sum(c.reltuples)::bigint FROM pg_partition_tree"  # noqa: S608  (text to read)
        f"({oid}) AS t JOIN pg_class AS c ON c.oid = t.relid WHERE t.isleaf"
    )
