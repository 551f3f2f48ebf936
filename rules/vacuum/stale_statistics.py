"""Tables whose planner statistics no longer describe them."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    AnalyzeTable,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    Staleness,
    Table,
    format_count,
    format_ratio,
    rule,
    staleness_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When statistics are stale."""

    min_modified_ratio: float = 0.2
    """Rows modified since ANALYZE, as a share of those there were then."""

    min_table_rows: int = 10_000
    """Smaller tables are planned well enough without."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def stale_statistics(case: Case, limits: Limits) -> Outcome:
    """The planner's statistics of a table are stale, or were never gathered.

    ## Why it matters
    The planner estimates rows from a sample of the table as it was.  When it has changed since,
    or was never looked at, joins and scans are planned for another table than the one there
    is.  Advice on indexes rests on the same figures.

    ## What it leaves alone
    Small tables, and tables that did not change since they were analysed, however long ago.
    Counters that were lost do not count as never analysed while statistics are there.

    ## Before you act
    ANALYZE reads a sample and blocks neither reads nor writes.  If it is stale again soon,
    lower ``autovacuum_analyze_scale_factor`` for the table, and look why autovacuum does not
    come: it may be switched off.  Partitioned tables are never analysed as a whole by it.

    ## Example
        SELECT n_mod_since_analyze, n_live_tup FROM pg_stat_user_tables WHERE relname = 'orders';
        ANALYZE orders;
    """
    for table in case.user_tables:
        stale = [s for leaf in case.catalog.leaves(table) if (s := _judge(case, leaf, limits))]
        is_whole_missing = _lacks_inherited(case, table, limits)
        if stale or is_whole_missing:
            yield _finding(case, table, stale, is_whole_missing=is_whole_missing)


def _judge(case: Case, table: Table, limits: Limits) -> Staleness | None:
    found = staleness_of(case, table)
    is_large = found.rows_now >= limits.min_table_rows
    return found if is_large and found.is_stale(limits.min_modified_ratio) else None


def _lacks_inherited(case: Case, table: Table, limits: Limits) -> bool:
    """A partitioned table that was never analysed as a whole: joins on it are guessed."""
    if table.kind is not RelationKind.PARTITIONED_TABLE:
        return False
    if any("pg_stats" in item.what for item in case.snapshot.unavailable):
        return False
    known = case.catalog.column_statistics
    return case.rows_of(table) >= limits.min_table_rows and not any(
        (table.oid, column.name) in known for column in table.columns
    )


def _finding(
    case: Case, table: Table, stale: list[Staleness], *, is_whole_missing: bool
) -> Finding:
    never = [s for s in stale if s.is_never_analysed]
    modified = sum(s.modified_rows for s in stale)
    known = sum(s.known_rows for s in stale)
    targets = [table] if is_whole_missing else [s.table for s in stale]
    return Finding(
        subject=table.qualified_name,
        summary=_summary(table, stale, is_whole_missing=is_whole_missing),
        detail=_detail(case, [s.table for s in stale] or [table]),
        evidence=(
            Evidence(
                name="rows modified since analyze",
                value=modified,
                unit="rows",
                source="pg_stat_user_tables.n_mod_since_analyze",
            ),
            Evidence(
                name="rows when it was analysed",
                value=round(known or case.rows_of(table)),
                unit="rows",
                source="pg_class.reltuples",
            ),
            Evidence(
                name="never analysed",
                value=bool(never) or is_whole_missing,
                source="pg_stat_user_tables.last_analyze, last_autoanalyze; pg_stats",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("the table is not small", "it has changed since, or was never analysed"),
        remedies=tuple(AnalyzeTable(schema=t.schema, table=t.name) for t in targets),
        impact=Impact(risk="plans are made for a table that is no longer like that"),
    )


def _summary(table: Table, stale: list[Staleness], *, is_whole_missing: bool) -> str:
    name = table.qualified_name
    if is_whole_missing:
        return f"{name} was never analysed as a whole: there are no statistics across partitions"
    if any(s.is_never_analysed for s in stale):
        parts = "" if stale[0].table is table else f" ({len(stale)} partitions)"
        return f"{name}{parts} was never analysed"
    modified = sum(s.modified_rows for s in stale)
    ratio = modified / sum(s.known_rows for s in stale)
    return (
        f"{format_count(modified)} rows of {name} ({format_ratio(ratio)}) changed "
        "since it was analysed"
    )


def _detail(case: Case, tables: list[Table]) -> str:
    off = [t.qualified_name for t in tables if t.is_autovacuum_off]
    if off:
        return f"Autovacuum is switched off for {', '.join(off)}."
    setting = case.snapshot.server.setting("autovacuum")
    if setting is not None and setting.value == "off":
        return "Autovacuum is switched off for the whole server."
    return ""
