"""Job queues whose workers wait for each other."""

from collections import defaultdict
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    CreateIndex,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Poll,
    Provenance,
    QueueIndex,
    RewriteStatement,
    Severity,
    Statement,
    Table,
    format_count,
    format_ratio,
    poll_of,
    queue_index,
    rule,
    with_skip_locked,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which polls matter, and when a partial index pays."""

    min_calls_per_day_count: float = 10_000.0
    """Calls a day; or the share of time below."""

    min_share_ratio: float = 0.005
    """Share of the workload's execution time; or the calls above."""

    min_signs_count: int = 3
    """Signs of a queue, of six, beside the lock itself."""

    max_waiting_ratio: float = 0.25
    """Share of the rows that wait, at most, for a partial index on them to be proposed.  A
    backlog comes and goes while finished rows stay, so the index is the smaller one even where a
    quarter of the rows wait today; and no finished row has an entry in it."""


@rule(severity=Severity.CRITICAL, since="0.1", limits=Limits, requires=("statements",))
def queue_without_skip_locked(case: Case, limits: Limits) -> Outcome:
    """Workers poll a queue and wait for each other's rows.

    ## Why it matters
    ``SELECT ... ORDER BY ... LIMIT 1 FOR UPDATE`` picks the same row in every worker; all but one
    wait for it, and then look again.  More workers bring no more jobs.  SKIP LOCKED lets each
    take the next free row, and an index in the polled order spares it the search.

    ## What it leaves alone
    Locks with SKIP LOCKED or NOWAIT, statements without LIMIT, rows found by a unique key, tables
    without the signs of a queue, and polls that are rare and take little time.

    ## Before you act
    Jobs may be taken a little out of order.  Where strict order is required, or there is but
    one worker, leave it.  An index that has the state in its keys or predicate ends heap-only
    updates of the state; the queue wants frequent vacuums then.

    ## Example
        SELECT id FROM jobs WHERE state = 'pending' ORDER BY created_at LIMIT 1 FOR UPDATE;
        SELECT id FROM jobs WHERE state = 'pending' ORDER BY created_at LIMIT 1
        FOR UPDATE SKIP LOCKED;
        CREATE INDEX CONCURRENTLY ON jobs (created_at) WHERE state = 'pending';
    """
    for table in case.user_tables:
        groups: dict[str, list[tuple[Statement, Poll]]] = defaultdict(list)
        for use in case.uses_of(table):
            poll = poll_of(case, table, use)
            if (
                poll is not None
                and len(poll.signs) >= limits.min_signs_count
                and _is_frequent(case, use.statement, limits)
            ):
                groups[case.shape_of(use.statement)].append((use.statement, poll))
        for found in groups.values():
            yield _finding(case, table, found, limits)


def _is_frequent(case: Case, statement: Statement, limits: Limits) -> bool:
    calls = case.calls_per_day(statement) or 0.0
    return (
        calls >= limits.min_calls_per_day_count
        or case.share_of(statement) >= limits.min_share_ratio
    )


def _finding(
    case: Case, table: Table, found: list[tuple[Statement, Poll]], limits: Limits
) -> Finding:
    statement, poll = found[0]
    index = queue_index(case, table, poll, max_waiting_ratio=limits.max_waiting_ratio)
    remedies: list[Action] = [
        RewriteStatement(
            before=each.text,
            after=after,
            condition="jobs may be taken a little out of order",
        )
        for each, _ in found
        if (after := with_skip_locked(each.text)) is not None
    ]
    if index.create is not None:
        remedies.append(index.create)
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statement)}",
        summary=f"Workers that poll {table.qualified_name} wait for each other's rows: "
        f"{poll.state_column} is polled FOR UPDATE without SKIP LOCKED",
        detail=index.reason,
        evidence=_evidence(case, statement, poll),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH if remedies else Confidence.MEDIUM,
        guards=(
            *poll.signs,
            "no unique key finds the row",
        ),
        remedies=tuple(remedies),
        impact=Impact(
            risk="more workers bring no more jobs",
            written_entries_per_day=_entries(case, table, index),
        ),
        statement_ids=tuple(dict.fromkeys(each.id for each, _ in found)),
    )


def _entries(case: Case, table: Table, index: QueueIndex) -> float | None:
    return case.new_entries_per_day(table) if isinstance(index.create, CreateIndex) else None


def _evidence(case: Case, statement: Statement, poll: Poll) -> tuple[Evidence, ...]:
    calls = case.calls_per_day(statement)
    return (
        Evidence(
            name="lock",
            value=f"FOR {poll.lock_strength.upper()}",
            source="pg_stat_statements.query",
        ),
        Evidence(
            name="calls a day",
            value="unknown" if calls is None else format_count(calls),
            source="pg_stat_statements.calls",
        ),
        Evidence(
            name="share of execution time",
            value=format_ratio(case.share_of(statement)),
            source="pg_stat_statements.total_exec_time",
        ),
        Evidence(
            name="mean time",
            value=round(statement.mean_time_ms, 3),
            unit="ms",
            source="pg_stat_statements.mean_exec_time",
        ),
    )
