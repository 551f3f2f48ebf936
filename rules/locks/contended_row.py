"""Updates of a few rows that wait for each other."""

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
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    blocks_per_call,
    finds_by_key,
    format_count,
    format_ms,
    format_ratio,
    rule,
    share_of_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What looks like waiting."""

    max_table_rows: int = 10_000
    """Of a larger table nobody can tell whether the updates go to the same rows."""

    min_updates_per_row_per_day_count: float = 1_000.0
    """Rows updated a day for each row of the table: one in a minute and a half."""

    min_mean_time_ms: float = 10.0
    """Of a call, what it takes to read blocks not counted."""

    max_blocks_per_call_count: float = 200.0
    """Blocks that are touched: with more, it works and does not wait."""

    min_spread_ratio: float = 20.0
    """Mean time to the shortest one: the same statement is fast when nobody is in its way."""

    min_share_ratio: float = 0.01
    """Share of the workload's time that goes into it."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "statements"))
def contended_row(case: Case, limits: Limits) -> Outcome:
    """Updates of a few rows wait for each other.

    ## Why it matters
    An UPDATE locks its row until the transaction ends.  A counter that every order increments is
    a queue: while one transaction goes on to do other things, all others stand behind it with
    their connections and locks.  No index and no hardware helps.

    ## What it leaves alone
    Tables of more than some thousand rows, where the counters do not tell which rows are hit;
    updates that touch many blocks or wait for storage, which work and do not wait; statements
    whose shortest call takes as long as the others, a trigger's work for example; and those of
    no weight.

    ## Before you act
    PostgreSQL counts no waits by statement, so this is a guess by what else it cannot be.  Look
    at `pg_stat_activity` while it is slow: `wait_event` is `transactionid` or `tuple` then.  If
    the order of the updates has to be kept, waiting is the point.

    ## Example
        UPDATE shops SET order_count = order_count + 1 WHERE id = $1;
        INSERT INTO shop_order_counts (shop_id, amount) VALUES ($1, 1);  -- and add up later
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary counts what is written")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        if not _is_hot(case, table, limits):
            continue
        found = {
            use.statement.id: use.statement
            for use in case.uses_of(table)
            if _updates_by_key(case, table, use) and _waits(use.statement, limits)
        }
        waiting = tuple(found.values())
        if waiting and sum(map(case.share_of, waiting)) >= limits.min_share_ratio:
            yield _finding(case, table, waiting)


def _is_hot(case: Case, table: Table, limits: Limits) -> bool:
    return (
        case.rows_of(table) <= limits.max_table_rows
        and _updates_per_row(case, table) >= limits.min_updates_per_row_per_day_count
    )


def _updates_per_row(case: Case, table: Table) -> float:
    days = case.counter_window.days
    updated = sum(activity.rows_updated for activity in case.activities_of(table))
    return updated / days / max(case.rows_of(table), 1.0) if days else 0.0


def _updates_by_key(case: Case, table: Table, use: StatementOnTable) -> bool:
    return (
        use.usage.kind is StatementKind.UPDATE
        and use.relation.is_write_target
        and finds_by_key(case, table, use.relation)
    )


def _waits(statement: Statement, limits: Limits) -> bool:
    """It takes long, and neither by its blocks nor by what is always the same."""
    if not statement.calls:
        return False
    read_ms = (statement.block_read_time_ms + statement.block_write_time_ms) / statement.calls
    return (
        statement.mean_time_ms - read_ms >= limits.min_mean_time_ms
        and statement.blocks_per_call <= limits.max_blocks_per_call_count
        and statement.min_time_ms * limits.min_spread_ratio <= statement.mean_time_ms
    )


def _finding(case: Case, table: Table, waiting: tuple[Statement, ...]) -> Finding:
    worst = waiting[0]
    share = sum(map(case.share_of, waiting))
    return Finding(
        subject=table.qualified_name,
        summary=f"An update of {_row(case, table)} takes {format_ms(worst.mean_time_ms)}, and "
        f"{format_ms(worst.min_time_ms)} when nothing is in its way ({format_ratio(share)} of all "
        "time)",
        evidence=tuple(_evidence(case, table, worst, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW,
        guards=(
            "it finds its row by a unique key, and touches few blocks",
            "storage does not explain its time",
            "the same statement is fast at times",
        ),
        remedies=(_remedy(table),),
        impact=Impact(risk="transactions stand in line for the row, however many there are"),
        statement_ids=tuple(statement.id for statement in waiting),
    )


def _row(case: Case, table: Table) -> str:
    rows = case.rows_of(table)
    which = "the only row" if rows <= 1 else f"one of {format_count(rows)} rows"
    return f"{which} of {table.qualified_name}"


def _evidence(case: Case, table: Table, worst: Statement, share: float) -> Iterator[Evidence]:
    yield Evidence(
        name="updates a day for each row",
        value=round(_updates_per_row(case, table)),
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd, pg_class.reltuples",
    )
    yield Evidence(
        name="mean time",
        value=round(worst.mean_time_ms, 2),
        unit="ms",
        source="pg_stat_statements.mean_exec_time",
    )
    yield Evidence(
        name="shortest time",
        value=round(worst.min_time_ms, 3),
        unit="ms",
        source="pg_stat_statements.min_exec_time",
    )
    yield Evidence(
        name="longest time",
        value=round(worst.max_time_ms, 1),
        unit="ms",
        source="pg_stat_statements.max_exec_time",
    )
    yield blocks_per_call(worst)
    yield share_of_time(share)


def _remedy(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Keep transactions from standing in line for a row of {table.qualified_name}",
        steps=(
            (
                "See whether they wait: `SELECT wait_event, count(*) FROM pg_stat_activity WHERE "
                "wait_event_type = 'Lock' GROUP BY 1`, some times while it is slow."
            ),
            "Put the update last in its transaction, so that the row is locked for a moment only.",
            (
                "For a counter, insert a row for each change and add them up, or spread it over "
                "some rows (`WHERE id = $1 AND slot = $2`, a slot at random) and read their sum."
            ),
            "Take together what changes the row several times in a transaction.",
        ),
    )
