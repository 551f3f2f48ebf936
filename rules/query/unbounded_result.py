"""Statements that return very many rows, again and again."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
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
    Table,
    format_count,
    format_ratio,
    format_size,
    rule,
    share_of_time,
)

_BULK_WORDS = (
    *("etl", "export", "dump", "backup", "repl", "sync", "report", "analyt", "warehouse"),
    *("airbyte", "fivetran", "debezium", "stitch", "metabase", "looker", "dbt", "migrat"),
)
"""In the name of a role that is meant to read much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which results are too large for how often they are asked for."""

    min_rows_per_call_count: float = 100_000.0
    """Nobody looks at so many rows."""

    min_calls_per_day_count: float = 24.0
    """An export runs less often."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def unbounded_result(case: Case, limits: Limits) -> Outcome:
    """A statement returns very many rows, many times a day.

    ## Why it matters
    Most drivers hold the whole result in memory before the application sees its first row, and
    an application that filters, counts or adds up what it gets does the database's work with
    all the rows on the wire.  As the table grows, so do the time, the memory and the next
    deployment's chance to run out of it.

    ## What it leaves alone
    Statements with a LIMIT; that write; that run inside functions; that run less than once an
    hour; those with little time; and those of roles whose name says that they export, report or
    replicate.

    ## Before you act
    Find out what becomes of the rows.  Filling a cache or a search index may need them all;
    then read them through a cursor or COPY, or only those that have changed.

    ## Example
        SELECT id, status FROM orders;
        SELECT id, status FROM orders WHERE id > $1 ORDER BY id LIMIT 1000;
    """
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    groups: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if _is_huge(case, statement, limits) and _is_unbounded(case, statement):
            groups[case.shape_of(statement)].append(statement)
    for statements in groups.values():
        yield _finding(case, statements)


def _is_huge(case: Case, statement: Statement, limits: Limits) -> bool:
    return (
        statement.source == "pg_stat_statements"
        and statement.is_top_level
        and statement.calls > 0
        and statement.rows >= limits.min_rows_per_call_count * statement.calls
        and (case.calls_per_day(statement) or 0.0) >= limits.min_calls_per_day_count
        and case.share_of_all((statement,)) >= limits.min_share_ratio
        and not all(map(_is_bulk_role, statement.roles or ("",)))
    )


def _is_bulk_role(role: str) -> bool:
    return any(word in role.lower() for word in _BULK_WORDS)


def _is_unbounded(case: Case, statement: Statement) -> bool:
    usage = case.usage.get(statement.id)
    return (
        usage is not None
        and usage.kind is StatementKind.SELECT
        and not any(relation.is_write_target for relation in usage.relations)
        and not any(r.has_limit for r in usage.relations if r.query_level == 0)
        and not usage.limit_parameters
    )


def _finding(case: Case, statements: list[Statement]) -> Finding:
    statement = statements[0]
    tables = _tables(case, statement)
    names = ", ".join(sorted({table.qualified_name for table in tables}))
    share = case.share_of_all(statements)
    calls = sum(case.calls_per_day(each) or 0.0 for each in statements)
    rows = statement.rows / statement.calls
    return Finding(
        subject=names or f"statement {statement.id}",
        identity=case.shape_of(statement),
        summary=f"A statement on {names or 'no table'} returns {format_count(rows)} rows a call, "
        f"{format_count(calls)} times a day ({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(case, statement, share)),
        provenance=Provenance.STATISTICS,
        # What becomes of the rows is not to be seen from here.
        confidence=Confidence.MEDIUM,
        guards=(
            "it has no LIMIT",
            "it runs more often than an export",
            "no role that runs it is called after an export or a report"
            if statement.roles
            else "who runs it is not known",
        ),
        remedies=(_remedy(),),
        impact=Impact(risk="time and memory of the application grow with the table"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _tables(case: Case, statement: Statement) -> tuple[Table, ...]:
    relations = case.usage[statement.id].relations
    found = (case.catalog.tables.get(relation.table_oid) for relation in relations)
    return tuple(table for table in found if table is not None)


def _evidence(case: Case, statement: Statement, share: float) -> Iterator[Evidence]:
    rows = statement.rows / statement.calls
    yield Evidence(
        name="rows returned a call",
        value=round(rows, 1),
        unit="rows",
        source="pg_stat_statements.rows",
    )
    yield Evidence(
        name="calls a day",
        value=round(case.calls_per_day(statement) or 0.0, 1),
        unit="calls",
        source="pg_stat_statements.calls",
    )
    yield share_of_time(share)
    if width := _width_bytes(case, statement):
        yield Evidence(
            name="result of a call, about",
            value=format_size(width * rows),
            source="pg_stats.avg_width of the columns that it reads",
        )


def _width_bytes(case: Case, statement: Statement) -> int | None:
    """Width of a row of the result, where it comes from one table; None: not known."""
    relations = case.usage[statement.id].relations
    table = case.catalog.tables.get(relations[0].table_oid) if len(relations) == 1 else None
    if table is None or not relations[0].output_columns:
        return None
    widths = [case.statistics_of(table, name) for name in relations[0].output_columns]
    known = [each.average_width_bytes for each in widths if each is not None]
    return sum(known) if len(known) == len(widths) else None


def _remedy() -> ManualSteps:
    return ManualSteps(
        title="Return fewer rows, or return them in pieces",
        steps=(
            "Let the database filter, count and add up what the application does with the rows.",
            ("Where people look at them: page by key, with `WHERE id > $1 ORDER BY id LIMIT ...`."),
            (
                "Where a cache is filled: ask for what has changed since the last time, by a "
                "column that says when."
            ),
            (
                "Where all are needed: read them through a server-side cursor or `COPY (...) TO "
                "STDOUT`, so that neither side holds them all at once."
            ),
        ),
    )
