"""Sessions that sit in a transaction and do nothing."""

from collections import defaultdict
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
    OpenTransaction,
    Outcome,
    Provenance,
    Severity,
    format_ms,
    known,
    quote_identifier,
    require_sessions,
    rule,
)

_TIMEOUT = "idle_in_transaction_session_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long is too long."""

    min_idle_ms: float = 300_000.0
    """Nobody's program computes for so long between two statements of one transaction."""

    timeout_ms: float = 60_000.0
    """The proposed timeout."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def idle_in_transaction(case: Case, limits: Limits) -> Outcome:
    """A session has been idle within a transaction for minutes.

    ## Why it matters
    Its locks stay, so that a change of a table waits for it, and behind that change everybody
    else.  If it has written, or holds a snapshot, vacuum removes nothing that died since.  Its
    connection is taken from the pool.  Mostly it is a program that forgot to commit, or that
    waits for another service or for a person.

    ## What it leaves alone
    Sessions that are idle for less than five minutes, or are not in a transaction; those of
    other databases.  Where none has written or holds a snapshot, it is a remark only.

    ## Before you act
    A session that is ended rolls back, and its program has to connect again.  The timeout holds
    for sessions that begin after it was set, those of a pooler, too.

    ## Example
        ALTER ROLE shop SET idle_in_transaction_session_timeout = '60s';
        ALTER ROLE shop RESET idle_in_transaction_session_timeout;  -- the way back
    """
    server = case.snapshot.server
    require_sessions(server)
    by_role: dict[str, list[OpenTransaction]] = defaultdict(list)
    for one in known(server.open_transactions, "open transactions"):
        is_long = one.state_age_ms is not None and one.state_age_ms >= limits.min_idle_ms
        if one.is_idle and one.is_in_this_database and is_long and one.role is not None:
            by_role[one.role].append(one)
    for role, sessions in sorted(by_role.items()):
        yield _finding(role, sessions, server.activity, limits)


def _finding(
    role: str, sessions: list[OpenTransaction], activity: DatabaseActivity, limits: Limits
) -> Finding:
    longest_ms = max(one.state_age_ms or 0.0 for one in sessions)
    count = len(sessions)
    holds = any(one.horizon_age is not None for one in sessions)
    who = f"A session of {role} has" if count == 1 else f"{count} sessions of {role} have"
    return Finding(
        subject=role,
        summary=f"{who} been idle in a transaction for {format_ms(longest_ms)}"
        + (" at the longest" if count > 1 else ""),
        detail="It keeps its locks, and vacuum from removing dead rows."
        if holds
        else "None has written or holds a snapshot, so that only their locks stay.",
        evidence=tuple(_evidence(sessions, longest_ms, activity)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is in a transaction, and waits for its client",),
        remedies=(_remedy(role, limits),),
        impact=Impact(risk="whoever changes a table waits for it, and all others behind"),
        severity=Severity.WARNING if holds else Severity.INFO,
    )


def _evidence(
    sessions: list[OpenTransaction], longest_ms: float, activity: DatabaseActivity
) -> Iterator[Evidence]:
    yield Evidence(
        name="sessions", value=len(sessions), unit="sessions", source="pg_stat_activity.state"
    )
    yield Evidence(
        name="idle for",
        value=round(longest_ms),
        unit="ms",
        source="pg_stat_activity.state_change",
    )
    ages = [one.horizon_age for one in sessions if one.horizon_age is not None]
    if ages:
        yield Evidence(
            name="transactions held back",
            value=max(ages),
            unit="transactions",
            source="pg_stat_activity.backend_xid, backend_xmin",
        )
    if activity.session_time_ms and activity.idle_in_transaction_time_ms is not None:
        yield Evidence(
            name="share of all session time",
            value=round(activity.idle_in_transaction_time_ms / activity.session_time_ms, 4),
            unit="ratio",
            source="pg_stat_database.idle_in_transaction_time / session_time",
        )


def _remedy(role: str, limits: Limits) -> ManualSteps:
    name = quote_identifier(role)
    return ManualSteps(
        title=f"End transactions of {role} that nobody goes on with",
        steps=(
            (
                "Find out what it waits for: `SELECT pid, state_change, query "
                "FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' "
                "ORDER BY state_change`; the query is its last one."
            ),
            "Make the program commit before it waits for anybody, and also after an error.",
            (
                f"`ALTER ROLE {name} SET {_TIMEOUT} = {limits.timeout_ms:.0f}`, in milliseconds, "
                "ends such sessions from now on; sessions that are open keep the old value."
            ),
            f"The way back: `ALTER ROLE {name} RESET {_TIMEOUT}`, or the value that it had.",
        ),
    )
