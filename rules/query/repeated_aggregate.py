"""The same expensive figures, computed again and again over rows that hardly change."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
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
    StatementUsage,
    Table,
    format_count,
    format_ms,
    format_ratio,
    rule,
    tables_of,
    time_evidence,
)

_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max", "array_agg", "string_agg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When keeping the result is worth it."""

    min_share_ratio: float = 0.05
    """Share of the statement in the workload's execution time."""

    min_mean_time_ms: float = 200.0
    """Of a call."""

    min_calls_per_day_count: float = 2_400.0
    """A hundred an hour."""

    max_writes_per_day_count: float = 1_440.0
    """Rows written to all its tables together: one a minute."""

    max_rows_per_call_count: float = 1_000.0
    """That are returned; a larger result is no summary."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def repeated_aggregate(case: Case, limits: Limits) -> Outcome:
    """An expensive summary is computed again and again over rows that hardly change.

    ## Why it matters
    A dashboard that adds up ten million rows for each visitor gets the same sums each time, as
    long as nobody writes.  A materialised view computes them once, and is read in a millisecond.

    ## What it leaves alone
    Tables that are written more than once a minute, or have row security, where each role has
    figures of its own; short or rare statements; large results; and statements that take less
    than a twentieth of the workload's time.

    ## Before you act
    How old may the figures be?  The view is as old as its last refresh.  The statistics do not
    tell whether the parameters are the same each time: if each user asks for something else, the
    view has to hold it for all of them, or does not help.  An index may be enough.

    ## Example
        SELECT region, sum(total) FROM sales GROUP BY region;
        CREATE MATERIALIZED VIEW sales_by_region AS
            SELECT region, sum(total) AS total FROM sales GROUP BY region;
        CREATE UNIQUE INDEX ON sales_by_region (region);
        REFRESH MATERIALIZED VIEW CONCURRENTLY sales_by_region;
    """
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    if case.counter_window.days is None:
        raise SkipRule(f"nobody knows how often tables are written: {case.counter_window.note}")
    groups: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        if usage is not None and _sums_up(usage) and _is_frequent(case, statement, limits):
            groups[case.shape_of(statement)].append(statement)
    for statements in groups.values():
        tables = _tables(case, statements[0])
        writes = sum(case.writes_per_day(table) or 0.0 for table in tables)
        is_closed = any(table.has_row_security for table in tables)
        if tables and not is_closed and writes <= limits.max_writes_per_day_count:
            yield _finding(case, statements, writes)


def _sums_up(usage: StatementUsage) -> bool:
    names = {name.rsplit(".", 1)[-1] for name in usage.functions}
    return (
        usage.kind is StatementKind.SELECT
        and not usage.unresolved
        and bool(names & _AGGREGATES)
        and not any(relation.lock_strength for relation in usage.relations)
    )


def _is_frequent(case: Case, statement: Statement, limits: Limits) -> bool:
    return (
        statement.source == "pg_stat_statements"
        and statement.mean_time_ms >= limits.min_mean_time_ms
        and (case.calls_per_day(statement) or 0.0) >= limits.min_calls_per_day_count
        and statement.rows <= limits.max_rows_per_call_count * statement.calls
        and case.share_of_all((statement,)) >= limits.min_share_ratio
    )


def _tables(case: Case, statement: Statement) -> tuple[Table, ...]:
    """What it reads, each table once; none where one of them is not known."""
    usage = case.usage[statement.id]
    found = [case.catalog.tables.get(relation.table_oid) for relation in usage.relations]
    if any(table is None for table in found):
        return ()
    roots = (case.catalog.root_of(table) for table in found if table is not None)
    return tuple({table.oid: table for table in roots}.values())


def _finding(case: Case, statements: Sequence[Statement], writes: float) -> Finding:
    statement = statements[0]
    name = tables_of(case, statement)
    share = case.share_of_all(statements)
    per_day = sum(case.calls_per_day(each) or 0.0 for each in statements)
    return Finding(
        subject=name,
        identity=case.shape_of(statement),
        summary=f"A summary of {name} takes {format_ms(statement.mean_time_ms)} and is computed "
        f"{format_count(per_day)} times a day, over tables with {format_count(writes)} "
        f"write{'' if round(writes) == 1 else 's'} a day ({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(case, statements, per_day, writes)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW,
        guards=("its tables are hardly written", "no table has row security"),
        remedies=(_remedy(name),),
        impact=Impact(risk="the same figures are computed anew in each call"),
        statement_ids=tuple(each.id for each in statements),
    )


def _evidence(
    case: Case, statements: Sequence[Statement], per_day: float, writes: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="calls a day", value=round(per_day), unit="calls", source="pg_stat_statements.calls"
    )
    yield Evidence(
        name="rows written a day",
        value=round(writes),
        unit="rows",
        source="pg_stat_user_tables.n_tup_ins, n_tup_upd, n_tup_del",
    )
    yield from time_evidence(case, statements)


def _remedy(name: str) -> ManualSteps:
    return ManualSteps(
        title=f"Keep the summary of {name}",
        steps=(
            "Ask how old the figures may be, and whether most calls have the same parameters.",
            (
                "If so: `CREATE MATERIALIZED VIEW`, with a unique index, so that `REFRESH "
                "MATERIALIZED VIEW CONCURRENTLY` keeps nobody waiting; refresh it by a schedule, "
                "or after the writes."
            ),
            "Or keep the result in the application's cache for that time.",
        ),
    )
