"""Changed tables read by index-only scans, and vacuumed too seldom for it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    IndexOnlyScans,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    SetTableOptions,
    Severity,
    SkipRule,
    Statement,
    Table,
    format_ratio,
    index_only_scans,
    qualified,
    readers_of,
    rule,
)

_FACTOR = "autovacuum_vacuum_scale_factor"
_THRESHOLD = "autovacuum_vacuum_threshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1_000_000
    """Of a smaller table the heap is in the cache anyway."""

    min_changed_ratio: float = 0.01
    """Rows updated and deleted for each one inserted; with fewer, inserts have to bring the
    vacuum, which another rule is about."""

    min_unseen_ratio: float = 0.3
    """Share of the pages that are not known to be visible to all."""

    min_fetched_ratio: float = 0.1
    """Rows that scans of the index fetch from the table, as a share of the entries they read."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Share of the workload's time of the statements with index-only scans of the table."""

    target_factor_ratio: float = 0.02
    """Dead rows, as a share of the live ones, that are to bring a vacuum."""

    max_vacuums_per_day_count: float = 24.0
    """Where so many would come then, changes clear the marks faster than vacuum sets them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stale:
    """A table, or one partition, many of whose pages lost their mark."""

    table: Table
    unseen: float
    """Share of its pages now."""
    fetched: float
    """Rows fetched for each entry read, by the indexes that are scanned alone."""
    factor: float
    vacuums_per_day: float
    """That would come with the factor that is proposed."""
    readers: tuple[Statement, ...]


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "usage-window"))
def stale_visibility_map(case: Case, limits: Limits) -> Outcome:
    """Index-only scans of a changing table visit the heap, as vacuum comes too seldom.

    ## Why it matters
    An index-only scan is spared the table only where the page is marked as visible to all.  Each
    update or delete takes the mark off its page, and vacuum alone sets it again.  With the
    default settings it waits until a fifth of the rows are dead; where those are spread over
    the table, hardly a page has a mark by then, and the scan reads the table row by row.

    ## What it leaves alone
    Small tables; tables that are only inserted into, or that are kept from autovacuum, which
    other rules report; tables whose vacuum is due by now; scans that fetch few rows by the
    counters of their indexes; statements of no weight; and tables that are changed so fast, or
    are vacuumed so early already, that more vacuums would not help.

    ## Before you act
    More vacuums read more of the indexes.  A vacuum sets no mark on pages that an old transaction
    may still see otherwise: look for one first.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM orders WHERE customer_id = 7;
        ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.02);
        VACUUM orders;
    """
    _require_figures(case)
    for oid, scans in index_only_scans(case).items():
        table = case.catalog.tables[oid]
        if case.catalog.root_of(table) in case.user_tables:
            found = _judge(case, table, scans, limits)
            if found is not None:
                yield _finding(case, found, limits)


def _require_figures(case: Case) -> None:
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    if any(server.setting(name) is None for name in (_FACTOR, _THRESHOLD)):
        raise SkipRule("the settings of autovacuum are not in the snapshot")
    if not any(made.plan is not None for made in case.snapshot.plans):
        raise SkipRule("there are no plans in the snapshot that would tell index-only scans")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    main = server.setting("autovacuum")
    if main is not None and main.value == "off":
        raise SkipRule("autovacuum is off on the whole server")


def _judge(case: Case, table: Table, scans: IndexOnlyScans, limits: Limits) -> _Stale | None:
    counters, days = case.catalog.activity_of(table), case.counter_window.days
    rows, readers = case.catalog.rows_now(table), readers_of(scans)
    if table.kind is not RelationKind.TABLE or table.is_autovacuum_off or not days:
        return None
    if rows < limits.min_table_rows or not table.size_bytes:
        return None
    changed = counters.rows_updated + counters.rows_deleted
    factor, threshold = (_number(case, table, name) for name in (_FACTOR, _THRESHOLD))
    pages = table.size_bytes / case.snapshot.server.block_size_bytes
    found = _Stale(
        table=table,
        unseen=max(pages - table.all_visible_pages, 0.0) / pages,
        fetched=_fetched(case, table, scans),
        factor=factor,
        vacuums_per_day=changed / days / (threshold + limits.target_factor_ratio * rows),
        readers=readers,
    )
    is_changed = changed > limits.min_changed_ratio * counters.rows_inserted
    is_due = counters.dead_rows >= threshold + factor * max(table.rows, 0.0)
    return found if is_changed and not is_due and _matters(case, found, limits) else None


def _matters(case: Case, found: _Stale, limits: Limits) -> bool:
    return (
        found.unseen >= limits.min_unseen_ratio
        and found.fetched >= limits.min_fetched_ratio
        and found.factor > limits.target_factor_ratio
        and found.vacuums_per_day <= limits.max_vacuums_per_day_count
        and sum(case.share_of(each) for each in found.readers) >= limits.min_share_ratio
    )


def _fetched(case: Case, table: Table, scans: IndexOnlyScans) -> float:
    """Plain scans of the same indexes count in as well, so it is the most that it can be."""
    own = [i for i in case.indexes_of(table) if i.name in scans]
    counters = [case.catalog.activity_of_index(index) for index in own]
    read = sum(each.entries_read for each in counters)
    return sum(each.rows_fetched for each in counters) / read if read else 0.0


def _number(case: Case, table: Table, name: str) -> float:
    """The table's own parameter before the server's."""
    setting = case.snapshot.server.setting(name)
    return float(table.option_values.get(name, setting.value if setting else 0.0))


def _finding(case: Case, found: _Stale, limits: Limits) -> Finding:
    table = found.table
    own = table.option_values
    return Finding(
        subject=table.qualified_name,
        summary=f"Index-only scans of {table.qualified_name} fetch rows from the table: "
        f"{format_ratio(found.unseen)} of its pages are not marked as visible to all",
        evidence=tuple(_evidence(case, found)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "statements of weight read it by index-only scans",
            "those indexes fetch rows from the table",
            "no vacuum is due, and more of them would not come too often",
        ),
        remedies=(
            SetTableOptions(
                schema=table.schema,
                table=table.name,
                options=((_FACTOR, f"{limits.target_factor_ratio:g}"),),
                previous=((_FACTOR, own.get(_FACTOR)),),
            ),
            ManualSteps(
                title=f"Vacuum {table.qualified_name} once",
                steps=(f"`VACUUM {qualified(table.schema, table.name)}`; it blocks neither side.",),
            ),
        ),
        impact=Impact(risk="scans that an index could answer alone read the table besides"),
        statement_ids=tuple(statement.id for statement in found.readers),
    )


def _evidence(case: Case, found: _Stale) -> Iterator[Evidence]:
    yield Evidence(
        name="pages not marked as visible",
        value=round(found.unseen, 4),
        unit="ratio",
        source="pg_class.relallvisible, pg_relation_size",
    )
    yield Evidence(
        name="rows fetched for each entry read",
        value=round(found.fetched, 4),
        unit="ratio",
        source="pg_stat_user_indexes.idx_tup_fetch, idx_tup_read",
    )
    yield Evidence(
        name="vacuums a day that would come",
        value=round(found.vacuums_per_day, 1),
        unit="vacuums",
        source="pg_stat_user_tables.n_tup_upd, n_tup_del",
    )
    yield Evidence(
        name="share of time of its index-only scans",
        value=format_ratio(sum(case.share_of(statement) for statement in found.readers)),
        source="pg_stat_statements.total_exec_time, EXPLAIN",
    )
