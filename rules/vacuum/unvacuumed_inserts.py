"""Tables that only grow, read by index-only scans, and not vacuumed for it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    SetTableOptions,
    Severity,
    SkipRule,
    Statement,
    Table,
    format_count,
    format_ratio,
    index_only_scans,
    qualified,
    readers_of,
    rule,
)

_FACTOR = "autovacuum_vacuum_insert_scale_factor"
_THRESHOLD = "autovacuum_vacuum_insert_threshold"
_DEFAULT_THRESHOLD = "1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1_000_000
    """Of a smaller table the heap is in the cache anyway."""

    max_changed_ratio: float = 0.01
    """Rows updated and deleted for each one inserted; with more, dead rows bring a vacuum."""

    min_unseen_ratio: float = 0.2
    """Share of the pages that are not known to be visible to all.  With the default settings it
    stays below this."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Share of the workload's time of the statements with index-only scans of the table."""

    target_factor_ratio: float = 0.05
    """New rows, as a share of the old ones, that are to bring a vacuum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growing:
    """A table, or one partition, whose new pages no vacuum has marked."""

    table: Table
    unseen: float
    """Share of its pages now."""
    inserted_rows: int
    """Since the last vacuum."""
    trigger: float
    """Inserted rows that bring autovacuum; infinity: none do."""
    factor: float
    readers: tuple[Statement, ...]


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def unvacuumed_inserts(case: Case, limits: Limits) -> Outcome:
    """Index-only scans of a growing table visit the heap, as no vacuum marks its new pages.

    ## Why it matters
    An index-only scan is spared the table only where the page is marked as visible to all, and
    vacuum alone sets that mark.  A table that is only inserted into has no dead rows to bring a
    vacuum.  PostgreSQL counts its inserts instead; where that is switched off, or the counter was
    lost in a crash, the newest rows, which are read the most, cost a visit each.  Old rows that
    nobody froze come due all at once, later.

    ## What it leaves alone
    Small tables, tables that are updated or deleted from, tables that no index-only scan of
    weight reads, those whose vacuum is due by now, and those without autovacuum, which another
    rule reports.

    ## Before you act
    A vacuum of new pages reads each of them once, and writes them if it freezes their rows.

    ## Example
        SELECT relallvisible, relpages FROM pg_class WHERE relname = 'events';
        ALTER TABLE events SET (autovacuum_vacuum_insert_scale_factor = 0.05);
        VACUUM events;
    """
    _require_figures(case)
    scans = index_only_scans(case)
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            own = readers_of(scans.get(leaf.oid, {}))
            if not own or case.catalog.rows_now(leaf) < limits.min_table_rows:
                continue
            if case.catalog.activity_of(leaf).rows_inserted_since_vacuum is None:
                yield case.skip_table(
                    leaf, "nobody knows how many rows were inserted since its last vacuum"
                )
            elif (found := _judge(case, leaf, own, limits)) is not None:
                yield _finding(case, found, limits)


def _require_figures(case: Case) -> None:
    """Go on only where autovacuum runs, and plans, settings and counters are known."""
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    if any(_setting(case, name) is None for name in (_FACTOR, _THRESHOLD)):
        raise SkipRule("the settings of autovacuum are not in the snapshot")
    if not any(made.plan is not None for made in case.snapshot.plans):
        raise SkipRule("there are no plans in the snapshot that would tell index-only scans")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    main = server.setting("autovacuum")
    if main is not None and main.value == "off":
        raise SkipRule("autovacuum is off on the whole server")


def _judge(
    case: Case, table: Table, readers: tuple[Statement, ...], limits: Limits
) -> _Growing | None:
    counters = case.catalog.activity_of(table)
    inserted = counters.rows_inserted_since_vacuum
    pages = table.size_bytes / case.snapshot.server.block_size_bytes
    if (
        table.kind is not RelationKind.TABLE
        or inserted is None
        or not pages
        or table.is_autovacuum_off
    ):
        return None
    changed = counters.rows_updated + counters.rows_deleted
    if not counters.rows_inserted or changed > limits.max_changed_ratio * counters.rows_inserted:
        return None
    if sum(case.share_of(statement) for statement in readers) < limits.min_share_ratio:
        return None
    unseen = max(pages - table.all_visible_pages, 0.0) / pages
    factor, trigger = _trigger(case, table)
    if unseen < limits.min_unseen_ratio or inserted >= trigger:
        return None
    return _Growing(
        table=table,
        unseen=unseen,
        inserted_rows=inserted,
        trigger=trigger,
        factor=factor,
        readers=readers,
    )


def _setting(case: Case, name: str) -> float | None:
    setting = case.snapshot.server.setting(name)
    return None if setting is None else float(setting.value)


def _trigger(case: Case, table: Table) -> tuple[float, float]:
    """The factor that holds for the table, and the inserted rows that bring autovacuum."""
    own = table.option_values
    factor, threshold = (
        float(own[name]) if name in own else _setting(case, name) or 0.0
        for name in (_FACTOR, _THRESHOLD)
    )
    if threshold < 0:
        return factor, math.inf
    return factor, threshold + factor * max(table.rows, 0.0)


def _finding(case: Case, found: _Growing, limits: Limits) -> Finding:
    table = found.table
    is_never = math.isinf(found.trigger)
    missing = format_count(found.trigger - found.inserted_rows)
    wait = "and inserts never bring" if is_never else f"and only {missing} more rows bring"
    return Finding(
        subject=table.qualified_name,
        summary=f"Index-only scans of {table.qualified_name} visit the heap: "
        f"{format_ratio(found.unseen)} of its pages are not marked as visible, {wait} a vacuum",
        evidence=tuple(_evidence(case, found)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "it is hardly updated or deleted from",
            "statements of weight read it by index-only scans",
            "no vacuum is due",
        ),
        remedies=tuple(_remedies(found, limits)),
        impact=Impact(risk="scans of the newest rows read the table besides the index"),
        statement_ids=tuple(statement.id for statement in found.readers),
        severity=Severity.WARNING if is_never else Severity.INFO,
    )


def _evidence(case: Case, found: _Growing) -> Iterator[Evidence]:
    yield Evidence(
        name="pages not marked as visible",
        value=round(found.unseen, 4),
        unit="ratio",
        source="pg_class.relallvisible, pg_relation_size",
    )
    yield Evidence(
        name="rows inserted since the last vacuum",
        value=found.inserted_rows,
        unit="rows",
        source="pg_stat_user_tables.n_ins_since_vacuum",
    )
    yield Evidence(
        name="inserted rows that autovacuum waits for",
        value="no number" if math.isinf(found.trigger) else format_count(found.trigger),
        source=f"pg_class.reloptions, pg_settings.{_THRESHOLD}, {_FACTOR}",
    )
    yield Evidence(
        name="share of time of its index-only scans",
        value=format_ratio(sum(case.share_of(statement) for statement in found.readers)),
        source="pg_stat_statements.total_exec_time, EXPLAIN",
    )


def _remedies(found: _Growing, limits: Limits) -> Iterator[Action]:
    table = found.table
    own = table.option_values
    options: dict[str, str] = {}
    if math.isinf(found.trigger):
        options[_THRESHOLD] = _DEFAULT_THRESHOLD
    if found.factor > limits.target_factor_ratio:
        options[_FACTOR] = f"{limits.target_factor_ratio:g}"
    if options:
        yield SetTableOptions(
            schema=table.schema,
            table=table.name,
            options=tuple(options.items()),
            previous=tuple((name, own.get(name)) for name in options),
        )
    yield ManualSteps(
        title=f"Vacuum {table.qualified_name} once",
        steps=(f"`VACUUM {qualified(table.schema, table.name)}`; it blocks neither side.",),
    )
