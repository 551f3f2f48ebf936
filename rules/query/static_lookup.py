"""Small tables that never change, and are asked again and again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GateState,
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
    """When a copy in the application pays."""

    min_calls_ratio: float = 0.05
    """Share of its lookups in all calls."""

    min_calls_per_day_count: float = 100_000.0
    """Fewer lookups trouble nobody, whatever their share."""

    max_table_rows: float = 10_000.0
    """A larger table is no lookup table."""

    max_writes_per_day_count: float = 1.0
    """Rows written a day, on average."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def static_lookup(case: Case, limits: Limits) -> Outcome:
    """A small table that never changes is asked again and again.

    ## Why it matters
    Currencies, plans, feature flags: each lookup is fast, but it is a round trip before anything
    else can happen, and thousands a second keep connections busy.  The application can hold such
    a table in its memory.

    ## What it leaves alone
    Tables that are written more than once a day, or have row security; statements that read
    other tables as well or lock rows; lookups that are few, or few among all calls.

    ## Before you act
    The application then sees a change late: after the cache's time, or a NOTIFY that a trigger
    sends.  What decides about rights or money may not wait for that.

    ## Example
        SELECT name, digits FROM currencies WHERE code = $1;
    """
    eviction = case.gates.gate("eviction")
    if eviction.state is GateState.CLOSED:
        # What is called often stays, and what is evicted is missing in the sum of all calls.
        raise SkipRule(eviction.detail)
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    if case.counter_window.days is None:
        raise SkipRule(f"nobody knows how often tables are written: {case.counter_window.note}")
    total = sum(statement.calls for statement in case.snapshot.statements)
    groups: dict[Table, list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        if _is_lookup(use) and _is_static(case, table, limits):
            groups[table].append(use.statement)
    for table, statements in groups.items():
        calls = sum(statement.calls for statement in statements)
        per_day = calls / case.statement_window.days
        is_much = calls >= limits.min_calls_ratio * total
        if is_much and per_day >= limits.min_calls_per_day_count:
            yield _finding(case, table, statements, (per_day, calls / total))


def _is_lookup(use: StatementOnTable) -> bool:
    return (
        use.usage.kind is StatementKind.SELECT
        and len(use.usage.relations) == 1
        and not use.usage.unresolved
        and use.relation.lock_strength is None
        and use.statement.source == "pg_stat_statements"
        and use.statement.is_top_level
    )


def _is_static(case: Case, table: Table, limits: Limits) -> bool:
    writes = case.writes_per_day(table)
    return (
        0 < case.rows_of(table) <= limits.max_table_rows
        and writes is not None
        and writes <= limits.max_writes_per_day_count
        and not table.has_row_security
    )


def _finding(
    case: Case, table: Table, statements: Sequence[Statement], often: tuple[float, float]
) -> Finding:
    per_day, ratio = often
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} has {format_count(case.rows_of(table))} rows that do not "
        f"change, and is asked {format_count(per_day)} times a day ({format_ratio(ratio)} of all "
        "calls)",
        evidence=(
            Evidence(
                name="lookups a day",
                value=round(per_day),
                unit="calls",
                source="pg_stat_statements.calls",
            ),
            Evidence(
                name="share of all calls",
                value=round(ratio, 4),
                unit="ratio",
                source="pg_stat_statements.calls",
            ),
            Evidence(
                name="rows written a day",
                value=round(case.writes_per_day(table) or 0.0, 2),
                unit="rows",
                source="pg_stat_user_tables.n_tup_ins, n_tup_upd, n_tup_del",
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("it is hardly ever written", "the statements read no other table"),
        remedies=(_remedy(table),),
        impact=Impact(risk="each lookup is a round trip that the application waits for"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _remedy(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Keep {table.qualified_name} in the application",
        steps=(
            (
                "Read the whole table at the start, and again after a minute or an hour, as old as "
                "its rows may be."
            ),
            "Or join it where its rows are needed, so that no statement asks for it alone.",
            (
                "Where a change has to be seen at once, let a trigger NOTIFY, and the application "
                "LISTEN on a connection of its own."
            ),
        ),
    )
