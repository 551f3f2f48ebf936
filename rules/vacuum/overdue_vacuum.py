"""Tables whose dead rows have long called for a vacuum that does not come."""

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
    SkipRule,
    Table,
    TableActivity,
    format_count,
    format_ms,
    format_ratio,
    qualified,
    rule,
)

_FACTOR = "autovacuum_vacuum_scale_factor"
_THRESHOLD = "autovacuum_vacuum_threshold"
_BOUND = "autovacuum_vacuum_max_threshold"
_MS_PER_SECOND = 1_000.0
_MS_PER_DAY = 86_400_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a vacuum is overdue."""

    min_dead_rows: int = 100_000
    """Fewer dead rows hurt nobody."""

    min_dead_ratio: float = 0.2
    """Dead rows as a share of the live ones."""

    min_overdue_ratio: float = 2.0
    """Dead rows as a multiple of those that autovacuum waits for."""

    min_vacuum_age_days: float = 1.0
    """Days since the last vacuum, whoever ran it."""

    min_wait_ms: float = 3_600_000.0
    """How long ago the dead rows have to have been there already, to be sure that nobody deleted
    them just now.  Autovacuum looks every minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Overdue:
    """A table, or one partition, with what it waits for."""

    table: Table
    counters: TableActivity
    trigger: float
    vacuum_age_ms: float | None
    """None: there was none since the counters were reset."""
    is_sure: bool
    """The dead rows were there already when the table was last analysed."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def overdue_vacuum(case: Case, limits: Limits) -> Outcome:
    """Dead rows have long called for a vacuum, and none has come.

    ## Why it matters
    Autovacuum goes to a table when enough of its rows are dead.  Where it is past that by far
    and none has finished for a day, something is in its way: a lock that makes it give up, too
    few workers, or an old transaction, so that it cannot remove anything.  Until that is found
    the table grows, and every scan reads the dead rows.

    ## What it leaves alone
    Small numbers of dead rows; tables whose own settings let more of them pile up; tables that
    were vacuumed in the last day, by whomever; and those from which autovacuum is kept away,
    which another rule reports.  Where the rows may have been deleted a moment ago, because the
    table was not analysed since, it is a remark only.

    ## Before you act
    Find the cause before you change a setting.  A vacuum that cannot remove rows does not get
    better by running more often.

    ## Example
        SELECT pid, state, xact_start, age(backend_xmin) FROM pg_stat_activity
        WHERE backend_xmin IS NOT NULL ORDER BY age(backend_xmin) DESC;
        VACUUM (VERBOSE, ANALYZE) orders;
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    if any(_setting(case, name) is None for name in (_FACTOR, _THRESHOLD)):
        raise SkipRule("the settings of autovacuum are not in the snapshot")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    main = case.snapshot.server.setting("autovacuum")
    if main is not None and main.value == "off":
        raise SkipRule("autovacuum is off on the whole server, so that no table waits for it")
    overdue: list[_Overdue] = []
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            found = _judge(case, leaf, limits)
            if found is None:
                continue
            if found.vacuum_age_ms is None and not _covers_a_day(case, limits):
                yield case.skip_table(
                    leaf,
                    "it has many dead rows, but the counters do not say since when there was no "
                    f"vacuum: {case.counter_window.note}",
                )
                continue
            overdue.append(found)
    yield from (_finding(case, found, len(overdue) - 1) for found in overdue)


def _covers_a_day(case: Case, limits: Limits) -> bool:
    days = case.counter_window.days
    return days is not None and days >= limits.min_vacuum_age_days


def _judge(case: Case, table: Table, limits: Limits) -> _Overdue | None:
    counters = case.catalog.activity_of(table)
    dead = counters.dead_rows
    if table.kind is RelationKind.FOREIGN_TABLE or table.is_autovacuum_off:
        return None
    if dead < limits.min_dead_rows or dead < limits.min_dead_ratio * counters.live_rows:
        return None
    trigger = _trigger(case, table)
    age_ms = _age_ms(case, counters)
    if dead < limits.min_overdue_ratio * trigger:
        return None
    if age_ms is not None and age_ms < limits.min_vacuum_age_days * _MS_PER_DAY:
        return None
    return _Overdue(
        table=table,
        counters=counters,
        trigger=trigger,
        vacuum_age_ms=age_ms,
        is_sure=_was_overdue_before(case, counters, limits.min_overdue_ratio * trigger, limits),
    )


def _trigger(case: Case, table: Table) -> float:
    """Dead rows that bring autovacuum: the table's own parameters before the server's."""
    own = table.option_values
    factor, threshold, bound = (
        float(own[name]) if name in own else _setting(case, name)
        for name in (_FACTOR, _THRESHOLD, _BOUND)
    )
    trigger = (threshold or 0.0) + (factor or 0.0) * max(table.rows, 0.0)
    return trigger if bound is None or bound < 0 else min(trigger, bound)


def _setting(case: Case, name: str) -> float | None:
    setting = case.snapshot.server.setting(name)
    return None if setting is None else float(setting.value)


def _age_ms(case: Case, counters: TableActivity) -> float | None:
    moments = [m for m in (counters.last_vacuum, counters.last_autovacuum) if m is not None]
    if not moments:
        return None
    age = case.snapshot.server.collected_at - max(moments)
    return age.total_seconds() * _MS_PER_SECOND


def _was_overdue_before(
    case: Case, counters: TableActivity, overdue_rows: float, limits: Limits
) -> bool:
    """At the last ANALYZE, all dead rows were there but those that were made since."""
    moments = [m for m in (counters.last_analyze, counters.last_autoanalyze) if m is not None]
    if not moments:
        return False
    age = case.snapshot.server.collected_at - max(moments)
    before = counters.dead_rows - counters.rows_modified_since_analyze
    return before >= overdue_rows and age.total_seconds() * _MS_PER_SECOND >= limits.min_wait_ms


def _finding(case: Case, found: _Overdue, others: int) -> Finding:
    table, counters = found.table, found.counters
    since = (
        "since the counters were reset"
        if found.vacuum_age_ms is None
        else f"for {format_ms(found.vacuum_age_ms)}"
    )
    return Finding(
        subject=table.qualified_name,
        summary=f"{format_count(counters.dead_rows)} dead rows of {table.qualified_name} wait for "
        f"a vacuum, and none has finished {since}",
        detail=" ".join(_details(found, others)),
        evidence=tuple(_evidence(found, since)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH if found.is_sure else Confidence.LOW,
        guards=(
            "autovacuum is switched on",
            "its own settings do not ask for a longer wait",
            *(("the rows were dead when it was last analysed",) if found.is_sure else ()),
        ),
        remedies=(_remedy(case, table),),
        impact=Impact(risk="the table grows, and scans read its dead rows"),
        severity=Severity.WARNING if found.is_sure else Severity.INFO,
    )


def _details(found: _Overdue, others: int) -> Iterator[str]:
    if not found.is_sure:
        yield "They may have been made a moment ago: the table was not analysed since."
    if others:
        word = "table waits" if others == 1 else "tables wait"
        yield (
            f"{others} other {word}, too: look for one cause, an old transaction or workers that "
            "are all busy, before you look at the table."
        )


def _evidence(found: _Overdue, since: str) -> Iterator[Evidence]:
    counters = found.counters
    yield Evidence(
        name="dead rows",
        value=counters.dead_rows,
        unit="rows",
        source="pg_stat_user_tables.n_dead_tup",
    )
    yield Evidence(
        name="dead rows that autovacuum waits for",
        value=round(found.trigger),
        unit="rows",
        source=f"pg_class.reloptions, pg_settings.{_THRESHOLD}, {_FACTOR}",
    )
    if counters.live_rows:
        yield Evidence(
            name="dead rows for each live one",
            value=format_ratio(counters.dead_rows / counters.live_rows),
            source="pg_stat_user_tables.n_dead_tup, n_live_tup",
        )
    yield Evidence(
        name="no vacuum",
        value=since,
        source="pg_stat_user_tables.last_vacuum, last_autovacuum",
    )
    yield Evidence(
        name="rows modified since analyze",
        value=counters.rows_modified_since_analyze,
        unit="rows",
        source="pg_stat_user_tables.n_mod_since_analyze",
    )


def _remedy(case: Case, table: Table) -> ManualSteps:
    feedback = (
        "A standby with hot_standby_feedback holds rows back as well: see "
        "`pg_stat_replication.backend_xmin`."
    )
    is_followed = case.snapshot.server.streaming_replica_count != 0
    return ManualSteps(
        title=f"Find out what keeps vacuum from {table.qualified_name}",
        steps=(
            (
                "See whether one is at work now: `SELECT * FROM pg_stat_progress_vacuum`. As many "
                "rows as `autovacuum_max_workers` mean that the other tables wait for a worker."
            ),
            (
                "Look for old transactions: `SELECT pid, state, xact_start, age(backend_xmin) "
                "FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY age(backend_xmin) "
                "DESC`; then in `pg_prepared_xacts`, and for `xmin` in `pg_replication_slots`."
            ),
            *((feedback,) if is_followed else ()),
            (
                "Look in the server's log for `canceling autovacuum task`: a job that locks the "
                "table again and again makes vacuum give up."
            ),
            (
                f"With the cause gone, `VACUUM (VERBOSE, ANALYZE) "
                f"{qualified(table.schema, table.name)}`; it tells how many dead rows it could "
                "not remove yet."
            ),
        ),
    )
