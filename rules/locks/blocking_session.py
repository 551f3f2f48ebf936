"""Sessions for whose locks others wait."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    BlockingSession,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    format_count,
    format_ms,
    known,
    require_sessions,
    rule,
)

_PREPARED = "prepared transaction"
_MS_PER_SECOND = 1_000.0
_TELLS_WAITS = 14
"""Since this version the server tells when a wait for a lock began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, and how many, have to wait."""

    min_wait_ms: float = 30_000.0
    """Of one session, for a lock."""

    min_waiters_count: int = 3
    """So many are worth a word sooner ..."""

    min_wait_of_many_ms: float = 5_000.0
    """... after that time."""

    critical_wait_ms: float = 300_000.0
    """From here on somebody's work has stopped."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def blocking_session(case: Case, limits: Limits) -> Outcome:
    """Sessions wait for the locks of one that waits for nobody.

    ## Why it matters
    Whoever waits for a lock holds locks of its own, for which others wait in turn.  All of them
    go on once the one at the head ends its transaction, and not before; until then each takes a
    connection, and the pools fill up.

    ## What it leaves alone
    Waits of less than thirty seconds, or five where three sessions wait: that is how locks work.
    Sessions of other databases, and those that wait themselves: the one at the head is named.

    ## Before you act
    Ending the session rolls its transaction back; that of a long migration or of a batch is lost
    work, and takes its time as well.  One snapshot sees one moment, but the wait was measured by
    the server.  Mostly the program has to be changed: it commits too late.

    ## Example
        SELECT pid, pg_blocking_pids(pid), wait_event_type, state, xact_start, query
        FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;
        SELECT pg_terminate_backend(4711);
    """
    server = case.snapshot.server
    require_sessions(server)
    by_head: dict[str, list[BlockingSession]] = defaultdict(list)
    for one in known(server.blocking_sessions, "waits for locks"):
        if one.is_in_this_database and _is_long(one, limits):
            by_head[one.role or f"{one.backend_type}s"].append(one)
    for head, sessions in sorted(by_head.items()):
        yield _finding(case, head, sessions, limits)


def _is_long(one: BlockingSession, limits: Limits) -> bool:
    are_many = one.waiter_count >= limits.min_waiters_count
    needed = limits.min_wait_of_many_ms if are_many else limits.min_wait_ms
    return one.longest_wait_ms >= needed


def _finding(case: Case, head: str, sessions: list[BlockingSession], limits: Limits) -> Finding:
    longest = max(one.longest_wait_ms for one in sessions)
    waiters = sum(one.waiter_count for one in sessions)
    wait = "session waits" if waiters == 1 else "sessions wait"
    return Finding(
        subject=head,
        summary=f"{format_count(waiters)} {wait} for locks of {head}, for {format_ms(longest)}"
        + (" at the longest" if waiters > 1 else ""),
        detail=" ".join(_details(sessions)),
        evidence=tuple(_evidence(case, sessions, waiters, longest)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it waits for no lock itself", "how long the others wait was measured"),
        remedies=(_remedy(head, sessions, limits),),
        impact=Impact(risk="each that waits takes a connection, and holds locks of its own"),
        severity=Severity.CRITICAL if longest >= limits.critical_wait_ms else Severity.WARNING,
    )


def _details(sessions: list[BlockingSession]) -> Iterator[str]:
    first = max(sessions, key=lambda one: one.longest_wait_ms)
    if first.backend_type == _PREPARED:
        yield "It was prepared for a commit in two phases, and no session is left that ends it."
    elif first.is_idle and first.state_age_ms is not None:
        yield f"It has been idle within its transaction for {format_ms(first.state_age_ms)}."
    elif first.command is not None:
        yield f"It runs {first.command.upper()}."
    elif first.state_age_ms is not None:
        yield f"It has been at work on one statement for {format_ms(first.state_age_ms)}."
    indirect = sum(one.indirect_waiter_count for one in sessions)
    if indirect:
        yield f"{format_count(indirect)} of them would not wait if those before them did not."


def _evidence(
    case: Case, sessions: list[BlockingSession], waiters: int, longest: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="sessions that wait",
        value=waiters,
        unit="sessions",
        source="pg_stat_activity.wait_event_type, pg_blocking_pids()",
    )
    yield Evidence(
        name="longest wait",
        value=round(longest),
        unit="ms",
        source="pg_locks.waitstart"
        if case.snapshot.server.major >= _TELLS_WAITS
        else "pg_stat_activity.state_change of those that wait",
    )
    ages = [one.age_ms for one in sessions if one.age_ms is not None]
    if ages:
        yield Evidence(
            name="age of the transaction",
            value=round(max(ages)),
            unit="ms",
            source="pg_stat_activity.xact_start",
        )
    oids = {oid for one in sessions for oid in one.table_oids}
    names = sorted(
        case.catalog.tables[oid].qualified_name for oid in oids if oid in case.catalog.tables
    )
    if names:
        yield Evidence(name="waited for", value=", ".join(names), source="pg_locks.relation")


def _remedy(head: str, sessions: list[BlockingSession], limits: Limits) -> ManualSteps:
    seconds = f"{limits.min_wait_ms / _MS_PER_SECOND:.0f}s"
    if any(one.backend_type == _PREPARED for one in sessions):
        return ManualSteps(
            title="End the prepared transactions",
            steps=(
                "`SELECT gid, prepared, owner, database FROM pg_prepared_xacts ORDER BY prepared`.",
                (
                    "Ask the transaction manager what became of each, and end it as the other "
                    "side did: `COMMIT PREPARED` or `ROLLBACK PREPARED`, with its gid."
                ),
            ),
        )
    return ManualSteps(
        title=f"Let those go on who wait for {head}",
        steps=(
            (
                "Find it: `SELECT pid, pg_blocking_pids(pid), state, xact_start, query FROM "
                "pg_stat_activity WHERE wait_event_type = 'Lock' OR state LIKE 'idle in "
                "transaction%'`; of an idle session, the query is its last one."
            ),
            (
                "If nobody goes on with it: `SELECT pg_terminate_backend(pid)`, which rolls its "
                "transaction back; there is no way back."
            ),
            (
                "Make the program commit sooner: no calls of other services within a transaction, "
                "and large changes in batches."
            ),
            (
                f"Whoever changes tables should not wait at the head of a queue: `SET lock_timeout "
                f"= '2s'`, and try again. For other roles `SET lock_timeout = '{seconds}'` turns "
                "an endless wait into an error that is seen."
            ),
        ),
    )
