"""Transactions that keep locking the same rows in opposite orders."""

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
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementOnTable,
    change_where_set,
    format_count,
    format_ms,
    rule,
)

_CHANGES = frozenset({StatementKind.UPDATE, StatementKind.DELETE})
_LOCKS = frozenset({"update", "no key update"})
_MILLION = 1_000_000
_LOGGING = "log_lock_waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many deadlocks are too many."""

    min_deadlocks_per_day_count: float = 1.0
    """Deadlocks a day from which on it is a habit, and no accident."""

    min_warning_per_day_count: float = 24.0
    """Deadlocks a day from which on it is a warning: one an hour."""

    min_suspect_rows: float = 2.0
    """Rows for each call of a statement that may take its locks in any order."""

    max_suspects_count: int = 5
    """Statements that are named, at most."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def recurring_deadlocks(case: Case, limits: Limits) -> Outcome:
    """Transactions run into deadlocks day by day.

    ## Why it matters
    Two transactions that lock the same rows in opposite orders wait for each other until
    PostgreSQL ends one of them.  Both have waited for ``deadlock_timeout`` by then, a user has
    seen an error, or a job begins anew, and whoever queued behind them waited as well.

    ## What it leaves alone
    A deadlock now and then, which a retry mends.  Counters without a known beginning give no
    rate, and the rule says so.

    ## Before you act
    The server's log names both statements of each deadlock, and the rows; read it first.  The
    statements that are named here are those that could be part of one, since they lock several
    rows in an order that is left to the plan, and have once taken as long as a deadlock does.
    ``log_lock_waits`` is switched on where it is off; ``deadlock_timeout`` is left as it is: a
    lower one looks for deadlocks more often, and prevents none.

    ## Example
        UPDATE stock SET held = held + 1 WHERE item_id = ANY ($1);  -- in any order
        WITH mine AS (SELECT id FROM stock WHERE item_id = ANY ($1) ORDER BY id FOR UPDATE)
        UPDATE stock SET held = held + 1 FROM mine WHERE stock.id = mine.id;
    """
    server = case.snapshot.server
    days = server.statistics_age_days
    if not days:
        raise SkipRule("nobody knows since when deadlocks are counted")
    per_day = server.activity.deadlocks / days
    if per_day < limits.min_deadlocks_per_day_count:
        return
    suspects = tuple(_suspects(case, limits))[: limits.max_suspects_count]
    yield Finding(
        subject=f"database {server.database}",
        identity="database",
        summary=f"There are {per_day:,.1f} deadlocks a day",
        detail=_detail(suspects),
        evidence=tuple(_evidence(case, per_day, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(case.gates.gate("usage-window").detail,),
        remedies=(_remedy(), *_logging(case)),
        impact=Impact(
            risk="each deadlock is an error for one transaction and a wait for the other"
        ),
        statement_ids=tuple(statement.id for statement in suspects),
        severity=Severity.WARNING if per_day >= limits.min_warning_per_day_count else Severity.INFO,
    )


def _suspects(case: Case, limits: Limits) -> Iterator[Statement]:
    """Statements that lock several rows in no order, and once took as long as a deadlock.

    The one that is let go on has waited for ``deadlock_timeout``.
    """
    timeout = case.snapshot.server.setting("deadlock_timeout")
    if timeout is None:
        return
    found: dict[str, Statement] = {}
    for _, use in case.uses():
        statement = use.statement
        if (
            statement.calls > 0
            and statement.rows >= limits.min_suspect_rows * statement.calls
            and statement.max_time_ms >= float(timeout.value)
            and _locks_in_no_order(use)
        ):
            found[statement.id] = statement
    yield from sorted(found.values(), key=lambda statement: -statement.calls)


def _locks_in_no_order(use: StatementOnTable) -> bool:
    """It changes or locks rows, and nothing in it locks them in an order first."""
    ordered = any(r.lock_strength and r.sort_keys for r in use.usage.relations)
    changes = use.usage.kind in _CHANGES and use.relation.is_write_target
    return not ordered and (changes or use.relation.lock_strength in _LOCKS)


def _detail(suspects: tuple[Statement, ...]) -> str:
    if not suspects:
        return ""
    names = ", ".join(statement.id for statement in suspects)
    if len(suspects) == 1:
        return f"Statement {names} locks several rows in no order, and may be part of them."
    return f"Statements {names} lock several rows in no order, and may be part of them."


def _evidence(case: Case, per_day: float, days: float) -> Iterator[Evidence]:
    activity = case.snapshot.server.activity
    timeout = case.snapshot.server.setting("deadlock_timeout")
    yield Evidence(name="deadlocks", value=activity.deadlocks, source="pg_stat_database.deadlocks")
    yield Evidence(
        name="deadlocks a day",
        value=round(per_day, 2),
        source="pg_stat_database.deadlocks, stats_reset",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source="pg_stat_database.stats_reset"
    )
    if activity.commits:
        rate = format_count(activity.deadlocks / activity.commits * _MILLION)
        yield Evidence(
            name="deadlocks for a million commits",
            value=rate,
            source="pg_stat_database.deadlocks, xact_commit",
        )
    if timeout is not None:
        yield Evidence(
            name="wait before each is found",
            value=format_ms(float(timeout.value)),
            source="pg_settings.deadlock_timeout",
        )


def _logging(case: Case) -> tuple[Action, ...]:
    """Let the log tell of waits, too: it is by them that a deadlock begins."""
    setting = case.snapshot.server.setting(_LOGGING)
    if setting is None or setting.value != "off":
        return ()
    try:
        return (change_where_set(case.snapshot.server, _LOGGING, "on"),)
    except SkipRule:
        return ()  # nobody may change it here, and the steps do without it


def _remedy() -> ManualSteps:
    return ManualSteps(
        title="Lock rows in one order everywhere",
        steps=(
            (
                "Look in the server's log for `deadlock detected`: its detail names both "
                "statements. `log_lock_waits` shows the long waits besides."
            ),
            (
                "Where one statement locks several rows, lock them first, in the order of the "
                "primary key: `SELECT ... ORDER BY id FOR UPDATE`."
            ),
            (
                "Where a transaction changes rows by several statements, let each kind of "
                "transaction change the tables, and the rows of one, in the same order; sort "
                "lists of ids before the loop, those of bulk INSERT ... ON CONFLICT as well."
            ),
            "Keep transactions short, and repeat the whole transaction upon SQLSTATE 40P01.",
        ),
    )
