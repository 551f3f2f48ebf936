"""Queues that are polled many times a second and hardly ever have a job."""

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
    StatementOnTable,
    Table,
    finds_by_key,
    format_count,
    format_ms,
    format_ratio,
    rule,
)

_CLAIMING_LOCKS = frozenset({"update", "no key update"})
_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When polling is too hot."""

    min_calls_per_day_count: float = 432_000.0
    """Polls a day: five a second, all workers together."""

    max_hit_ratio: float = 0.05
    """Rows that are found for each poll, at most."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Share of the workload's execution time.  An empty poll by a good index costs next to
    nothing, however often it is made."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def idle_polling(case: Case, limits: Limits) -> Outcome:
    """A queue is polled many times a second and is nearly always empty.

    ## Why it matters
    A worker that asks again as soon as it was told that there is nothing asks all day long.  Each
    poll is a round trip, a transaction and a search, at night as well, and more workers multiply
    them while there is no more to do.

    ## What it leaves alone
    Statements that lock nothing or have no LIMIT, rows found by a unique key, polls that find a
    job in one call of twenty, polls that are less than five a second together, and those whose
    time carries no weight in the workload, as with a good index it seldom does.

    ## Before you act
    How long may a job wait?  A pause after an empty poll adds as much to the first job after it,
    and to no other.  LISTEN adds nothing, but needs a connection of its own: a pooler that gives
    connections out by transaction loses it.

    ## Example
        SELECT id FROM jobs WHERE state = 'pending' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
        -- 2,000,000 calls a day, 4,000 rows
        LISTEN jobs;  -- and poll when told to, and once a minute
    """
    if not case.statement_window.days:
        raise SkipRule("nobody knows since when statements are counted, so not how often they run")
    for table in case.user_tables:
        groups: dict[str, dict[str, Statement]] = defaultdict(dict)
        for use in case.uses_of(table):
            if _is_poll(case, table, use):
                groups[case.shape_of(use.statement)][use.statement.id] = use.statement
        for shape, found in groups.items():
            statements = tuple(found.values())
            if _is_idle(case, statements, limits):
                yield _finding(case, table, shape, statements)


def _is_poll(case: Case, table: Table, use: StatementOnTable) -> bool:
    relation = use.relation
    return (
        use.statement.source == "pg_stat_statements"
        and relation.lock_strength in _CLAIMING_LOCKS
        and relation.has_limit
        and not finds_by_key(case, table, relation)
    )


def _is_idle(case: Case, statements: tuple[Statement, ...], limits: Limits) -> bool:
    calls = sum(s.calls for s in statements)
    return (
        _per_day(case, calls) >= limits.min_calls_per_day_count
        and sum(s.rows for s in statements) <= limits.max_hit_ratio * calls
        and sum(case.share_of(s) for s in statements) >= limits.min_share_ratio
    )


def _per_day(case: Case, count: float) -> float:
    return count / (case.statement_window.days or 1.0)


def _finding(case: Case, table: Table, shape: str, statements: tuple[Statement, ...]) -> Finding:
    calls = sum(s.calls for s in statements)
    hits = sum(s.rows for s in statements) / calls
    per_second = _per_day(case, calls) / _SECONDS_PER_DAY
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{shape}",
        summary=f"{table.qualified_name} is polled {format_count(per_second)} times a second, and "
        f"{format_ratio(1 - hits)} of the polls find nothing",
        detail="The snapshot was taken through a pooler: see that whoever listens has a connection "
        "of its own."
        if case.snapshot.server.is_through_pooler
        else "",
        evidence=tuple(_evidence(case, statements, hits)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "rows are locked, a few at a time",
            "no unique key finds the row",
            "the polls take a share of time that counts",
        ),
        remedies=(_remedy(table),),
        impact=Impact(risk="each further worker adds polls and takes no job"),
        statement_ids=tuple(s.id for s in statements),
    )


def _evidence(case: Case, statements: tuple[Statement, ...], hits: float) -> Iterator[Evidence]:
    yield Evidence(
        name="polls a day",
        value=round(_per_day(case, sum(s.calls for s in statements))),
        source="pg_stat_statements.calls over the window",
    )
    yield Evidence(
        name="rows found for each poll",
        value=round(hits, 4),
        source="pg_stat_statements.rows, calls",
    )
    yield Evidence(
        name="share of execution time",
        value=format_ratio(sum(case.share_of(s) for s in statements)),
        source="pg_stat_statements.total_exec_time",
    )
    yield Evidence(
        name="time a day",
        value=format_ms(_per_day(case, sum(s.total_time_ms for s in statements))),
        source="pg_stat_statements.total_exec_time over the window",
    )


def _remedy(table: Table) -> ManualSteps:
    return ManualSteps(
        title=f"Poll {table.qualified_name} when there is something to find",
        steps=(
            (
                "Pause after an empty poll, twice as long each time up to what a job may wait, "
                "and not at all after one that found a job."
            ),
            (
                "Let one poller of a process ask for as many jobs as it has idle workers, in the "
                "place of each worker for one."
            ),
            (
                "Where jobs must start at once, `LISTEN` for a `NOTIFY` that the transaction sends "
                "which adds jobs, and poll once a minute besides for those that were missed. One "
                "`NOTIFY` for many jobs: each makes commits wait for each other."
            ),
        ),
    )
