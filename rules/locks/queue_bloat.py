"""Job queues in which dead rows pile up between the workers and their next job."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
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
    TableActivity,
    finds_by_key,
    format_count,
    qualified,
    rule,
)

_CLAIMING_LOCKS = frozenset({"update", "no key update"})
_FACTOR = "autovacuum_vacuum_scale_factor"
_THRESHOLD = "autovacuum_vacuum_threshold"
_BOUND = "autovacuum_vacuum_max_threshold"
_OWN = frozenset({_FACTOR, _THRESHOLD, _BOUND})
_MS_PER_DAY = 86_400_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a queue is, and how many dead rows it bears."""

    min_polls_per_day_count: float = 10_000.0
    """Calls a day of statements that lock a few rows."""

    min_changed_per_day_count: float = 100_000.0
    """Rows updated and deleted a day; a quiet queue bears a lazy vacuum."""

    max_dead_rows: int = 10_000
    """Dead rows that autovacuum may wait for, at most."""

    max_lazy_dead_rows: int = 10_000_000
    """From here on the size of the table is reason enough, and another rule reports it."""

    target_factor_ratio: float = 0.01
    """The factor that is proposed."""

    min_dead_ratio: float = 2.0
    """Dead rows for each live one from which on vacuum does not keep up."""

    min_backlog_ms: float = 1_800_000.0
    """How much of the queue's changes the dead rows have to hold, at the mean rate.  What is left
    between two visits of autovacuum, a minute apart, is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queue:
    """A queue's table, or one partition of it."""

    table: Table
    counters: TableActivity
    changed_per_day: float
    trigger: float
    """Dead rows that bring autovacuum."""
    polls: tuple[Statement, ...]


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "statements"))
def queue_bloat(case: Case, limits: Limits) -> Outcome:
    """Dead rows pile up in a queue, and workers read them on the way to a job.

    ## Why it matters
    Each job leaves dead rows behind, and they lie where the next poll begins to search.  Vacuum
    alone takes them out for good.  By default it waits for a fifth of the table, and a table that
    keeps its finished jobs is large.  Where it comes, and the dead rows stay all the same, an old
    transaction holds them: polls get slower until that ends.

    ## What it leaves alone
    Tables that no statement polls for rows to lock, queues with few jobs a day, those that are
    small enough to be vacuumed often, and those with vacuum settings of their own.  Dead rows
    that half an hour of changes may have left are no backlog.

    ## Before you act
    A lower factor makes vacuum come more often, and each time it may read every index.  Where
    most rows are jobs that are done, move them to another table, and the queue stays small.

    ## Example
        SELECT n_live_tup, n_dead_tup, last_autovacuum FROM pg_stat_user_tables
        WHERE relname = 'jobs';
        ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01);
    """
    _require_figures(case)
    for table in case.user_tables:
        polls = tuple(_polls(case, table))
        calls = sum(case.calls_per_day(statement) or 0.0 for statement in polls)
        if not polls or calls < limits.min_polls_per_day_count:
            continue
        for leaf in case.catalog.leaves(table):
            queue = _queue(case, leaf, polls)
            if queue is None or queue.changed_per_day < limits.min_changed_per_day_count:
                continue
            if _is_stuck(case, queue, limits):
                yield _stuck_finding(queue)
            elif _is_lazy(queue, limits):
                yield _lazy_finding(queue, limits)


def _require_figures(case: Case) -> None:
    """Go on only where autovacuum runs, and its settings and the counters are known."""
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and counts what is written")
    if any(_setting(case, name) is None for name in (_FACTOR, _THRESHOLD)):
        raise SkipRule("the settings of autovacuum are not in the snapshot")
    main = case.snapshot.server.setting("autovacuum")
    if main is not None and main.value == "off":
        raise SkipRule("autovacuum is off on the whole server")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")


def _polls(case: Case, table: Table) -> Iterator[Statement]:
    """Statements that lock a few rows, whichever they find first."""
    found: dict[str, Statement] = {}
    for use in case.uses_of(table):
        relation = use.relation
        if (
            relation.lock_strength in _CLAIMING_LOCKS
            and relation.has_limit
            and not finds_by_key(case, table, relation)
        ):
            found[use.statement.id] = use.statement
    yield from found.values()


def _queue(case: Case, table: Table, polls: tuple[Statement, ...]) -> _Queue | None:
    days = case.counter_window.days
    own = table.option_values
    if table.kind is not RelationKind.TABLE or not days or "autovacuum_enabled" in own:
        return None
    counters = case.catalog.activity_of(table)
    factor, threshold, bound = (
        float(own[name]) if name in own else _setting(case, name)
        for name in (_FACTOR, _THRESHOLD, _BOUND)
    )
    trigger = (threshold or 0.0) + (factor or 0.0) * max(table.rows, 0.0)
    return _Queue(
        table=table,
        counters=counters,
        changed_per_day=(counters.rows_updated + counters.rows_deleted) / days,
        trigger=trigger if bound is None or bound < 0 else min(trigger, bound),
        polls=polls,
    )


def _setting(case: Case, name: str) -> float | None:
    setting = case.snapshot.server.setting(name)
    return None if setting is None else float(setting.value)


def _is_lazy(queue: _Queue, limits: Limits) -> bool:
    names = queue.table.option_values.keys()
    is_late = limits.max_dead_rows <= queue.trigger < limits.max_lazy_dead_rows
    return is_late and not names & _OWN


def _is_stuck(case: Case, queue: _Queue, limits: Limits) -> bool:
    """Vacuum came within a day and, as far as the rate of changes tells, left the dead rows."""
    counters = queue.counters
    moments = [m for m in (counters.last_vacuum, counters.last_autovacuum) if m is not None]
    if not moments:
        return False
    age = case.snapshot.server.collected_at - max(moments)
    backlog_ms = counters.dead_rows / queue.changed_per_day * _MS_PER_DAY
    return (
        age.total_seconds() * 1_000 <= _MS_PER_DAY
        and counters.dead_rows >= 2 * max(queue.trigger, limits.max_dead_rows)
        and counters.dead_rows >= limits.min_dead_ratio * counters.live_rows
        and backlog_ms >= limits.min_backlog_ms
    )


def _lazy_finding(queue: _Queue, limits: Limits) -> Finding:
    table = queue.table
    return _finding(
        queue,
        summary=f"Workers of the queue {table.qualified_name} read up to "
        f"{format_count(queue.trigger)} dead rows before a vacuum comes",
        detail="If most of its rows are jobs that are done, another table is the place for them.",
        remedy=SetTableOptions(
            schema=table.schema,
            table=table.name,
            options=((_FACTOR, f"{limits.target_factor_ratio:g}"),),
            previous=((_FACTOR, None),),
        ),
        guards=("it has no vacuum settings of its own",),
        severity=Severity.INFO,
    )


def _stuck_finding(queue: _Queue) -> Finding:
    table, counters = queue.table, queue.counters
    return _finding(
        queue,
        summary=f"The queue {table.qualified_name} has {format_count(counters.dead_rows)} dead "
        f"rows and {format_count(counters.live_rows)} live ones, though vacuum comes",
        detail="",
        remedy=_look_for_holder(table),
        guards=("it was vacuumed in the last day", "they are more than half an hour of changes"),
        severity=Severity.WARNING,
    )


def _look_for_holder(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Find out who holds the dead rows of {table.qualified_name}",
        steps=(
            (
                "Look for old transactions: `SELECT pid, state, xact_start, age(backend_xmin) "
                "FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY age(backend_xmin) "
                "DESC`; then in `pg_prepared_xacts`, and for `xmin` in `pg_replication_slots`."
            ),
            (
                "See that workers claim a job, commit, work, and only then finish it: a "
                "transaction that is open while a job runs holds the rows of all others."
            ),
            "Give reports a replica, or a `transaction_timeout` (PostgreSQL 17).",
            (
                f"With the holder gone, `VACUUM (VERBOSE) "
                f"{qualified(table.schema, table.name)}`, and `REINDEX INDEX CONCURRENTLY` of the "
                "index that the poll uses, if it stays large."
            ),
        ),
    )


def _finding(
    queue: _Queue,
    *,
    summary: str,
    detail: str,
    remedy: Action,
    guards: tuple[str, ...],
    severity: Severity,
) -> Finding:
    counters = queue.counters
    return Finding(
        subject=queue.table.qualified_name,
        summary=summary,
        detail=detail,
        evidence=(
            Evidence(
                name="dead rows now",
                value=counters.dead_rows,
                unit="rows",
                source="pg_stat_user_tables.n_dead_tup",
            ),
            Evidence(
                name="live rows",
                value=counters.live_rows,
                unit="rows",
                source="pg_stat_user_tables.n_live_tup",
            ),
            Evidence(
                name="dead rows that autovacuum waits for",
                value=round(queue.trigger),
                unit="rows",
                source=f"pg_class.reloptions, pg_settings.{_THRESHOLD}, {_FACTOR}",
            ),
            Evidence(
                name="rows updated and deleted a day",
                value=round(queue.changed_per_day),
                unit="rows",
                source="pg_stat_user_tables.n_tup_upd, n_tup_del",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("statements lock a few of its rows, and not by a key", *guards),
        remedies=(remedy,),
        impact=Impact(risk="polls get slower as dead rows pile up"),
        statement_ids=tuple(statement.id for statement in queue.polls),
        severity=severity,
    )
