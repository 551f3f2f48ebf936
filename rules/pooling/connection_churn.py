"""Connections that are opened for a statement or two."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    DatabaseActivity,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    format_count,
    format_ms,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a short session is, and how many are too many."""

    min_daily_count: float = 86_400.0
    """Sessions a day: one a second."""

    max_session_ms: float = 60_000.0
    """How long a session lasts, on average."""

    max_transactions_count: float = 10.0
    """Transactions of a session, on average; with more, connecting is a small part of it."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("usage-window",))
def connection_churn(case: Case, limits: Limits) -> Outcome:
    """Connections are opened and closed all the time.

    ## Why it matters
    A new connection starts a process, checks a password, which is made slow on purpose, and
    fills caches that the last one has just thrown away: mostly more work than the statement for
    which it was opened.  The client waits for it each time.

    ## What it leaves alone
    Fewer than one a second; sessions that last for a minute, or for more than ten transactions;
    PostgreSQL 13, which does not count sessions.

    ## Before you act
    Only connections to this database are counted.  If a pooler stands in front already, it is
    its own connections that churn: see ``server_lifetime`` and ``server_idle_timeout`` there.

    ## Example
        ; pgbouncer.ini
        pool_mode = transaction
        server_idle_timeout = 600
    """
    activity = case.snapshot.server.activity
    sessions, time_ms = activity.sessions, activity.session_time_ms
    if sessions is None or time_ms is None:
        raise SkipRule("sessions are not counted: PostgreSQL 14 began to do so")
    days = case.counter_window.days
    if not days or case.counter_window.is_lower_bound:
        raise SkipRule("nobody knows how long the sessions have been counted")
    if sessions == 0 or sessions / days < limits.min_daily_count:
        return
    transactions = (activity.commits + activity.rollbacks) / sessions
    if time_ms / sessions < limits.max_session_ms and transactions < limits.max_transactions_count:
        yield _finding(case, sessions / days, time_ms / sessions, transactions)


def _finding(case: Case, per_day: float, mean_ms: float, transactions: float) -> Finding:
    server = case.snapshot.server
    return Finding(
        subject=server.database,
        summary=f"{format_count(per_day)} connections a day are opened for {format_ms(mean_ms)} "
        "each, on average",
        evidence=tuple(_evidence(server.activity, per_day, mean_ms, transactions)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("each runs a few transactions only",),
        remedies=(
            ManualSteps(
                title="Keep connections open",
                steps=(
                    (
                        "Let the application keep its connections: a pool in the process, or "
                        "persistent connections of the framework."
                    ),
                    (
                        "Where processes come and go, put a pooler such as PgBouncer between "
                        "them and the server."
                    ),
                ),
            ),
        ),
        impact=Impact(risk="clients wait for a new process before each piece of work"),
    )


def _evidence(
    activity: DatabaseActivity, per_day: float, mean_ms: float, transactions: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="sessions a day",
        value=round(per_day),
        unit="sessions",
        source="pg_stat_database.sessions over the window",
    )
    yield Evidence(
        name="length of a session",
        value=round(mean_ms, 1),
        unit="ms",
        source="pg_stat_database.session_time / sessions",
    )
    yield Evidence(
        name="transactions of a session",
        value=round(transactions, 1),
        unit="transactions",
        source="pg_stat_database.xact_commit + xact_rollback / sessions",
    )
    if activity.sessions_abandoned is not None:
        yield Evidence(
            name="abandoned by their client",
            value=activity.sessions_abandoned,
            unit="sessions",
            source="pg_stat_database.sessions_abandoned",
        )
