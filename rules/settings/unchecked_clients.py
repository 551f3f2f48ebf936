"""Statements that go on for clients that are gone."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
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
    Statement,
    StatementKind,
    change_for_database,
    format_count,
    format_ms,
    format_ratio,
    known,
    rule,
)

_SETTING = "client_connection_check_interval"
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many clients are gone, and what they may leave behind."""

    min_abandoned_per_day_count: float = 24.0
    """Sessions of this database whose client went without a word: one an hour."""

    min_abandoned_ratio: float = 0.05
    """As a share of all sessions."""

    min_statement_ms: float = 60_000.0
    """A statement that once took so long may have outlived its client."""

    min_share_ratio: float = 0.05
    """Share of such statements in the workload's execution time."""

    proposed_ms: float = 10_000.0
    """How often a session looks whether its client is still there."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "statements"))
def unchecked_clients(case: Case, limits: Limits) -> Outcome:
    """Long statements may go on for clients that are gone.

    ## Why it matters
    A server that runs a statement does not look at its client before there is something to send.
    If that is gone, since its user closed the page, or its request took too long, the statement
    goes on to its end, with its locks, its memory and its connection.  The user tries again, and
    now it runs twice.  With ``client_connection_check_interval`` the session looks from time to
    time, which costs next to nothing.

    ## What it leaves alone
    Databases whose sessions end in an orderly way, and those without long statements.  Servers,
    databases and roles for which somebody has set it.  PostgreSQL 13 has no such setting.

    ## Before you act
    A session whose client went without a word may have been idle then: no counter tells what it
    did.  What is seen is a closed connection; of a machine that fell silent the system learns by
    ``tcp_keepalives_idle``.  Where the system cannot tell, as on Windows, the server refuses the
    value.  A pooler in between has to close its connection when its own client goes.

    ## Example
        SELECT sessions, sessions_abandoned FROM pg_stat_database
        WHERE datname = current_database();
        ALTER DATABASE shop SET client_connection_check_interval = '10s';
        ALTER DATABASE shop RESET client_connection_check_interval;  -- the way back
    """
    server = case.snapshot.server
    activity = server.activity
    if activity.sessions is None or activity.sessions_abandoned is None:
        raise SkipRule("sessions are not counted: PostgreSQL 14 began to do so")
    if known(server.setting(_SETTING), f"values of {_SETTING}").value != "0":
        return
    if any(given.name == _SETTING for given in server.role_settings):
        return
    days = case.counter_window.days
    if not days or case.counter_window.is_lower_bound:
        raise SkipRule("nobody knows how long the sessions have been counted")
    if (
        activity.sessions_abandoned < limits.min_abandoned_per_day_count * days
        or activity.sessions_abandoned < limits.min_abandoned_ratio * activity.sessions
    ):
        return
    long = tuple(_long_statements(case, limits))
    if long and case.share_of_all(long) >= limits.min_share_ratio:
        yield _finding(case, activity, long, days, limits)


def _long_statements(case: Case, limits: Limits) -> Iterator[Statement]:
    """Those of the application; what maintains the database runs without anybody waiting."""
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        is_long = statement.max_time_ms >= limits.min_statement_ms
        if is_long and usage is not None and usage.kind is not StatementKind.UTILITY:
            yield statement


def _finding(
    case: Case,
    activity: DatabaseActivity,
    long: tuple[Statement, ...],
    days: float,
    limits: Limits,
) -> Finding:
    per_day = (activity.sessions_abandoned or 0) / days
    longest_ms = max(statement.max_time_ms for statement in long)
    return Finding(
        subject=_SETTING,
        summary=f"{format_count(per_day)} clients a day go without a word, and statements of up "
        f"to {format_ms(longest_ms)} do not notice",
        detail="What their sessions did then, no counter tells.",
        evidence=tuple(_evidence(case, activity, long, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW,
        guards=(
            "nobody has set it, for the server, the database or a role",
            case.gates.gate("usage-window").detail,
        ),
        remedies=_remedies(case, limits),
        impact=Impact(risk="the server works for nobody, and holds locks and a connection for it"),
        statement_ids=tuple(
            each.id
            for each in sorted(long, key=lambda each: (-each.max_time_ms, each.id))[:_SHOWN_COUNT]
        ),
    )


def _evidence(
    case: Case, activity: DatabaseActivity, long: tuple[Statement, ...], days: float
) -> Iterator[Evidence]:
    abandoned, sessions = activity.sessions_abandoned or 0, activity.sessions or 0
    yield Evidence(
        name="sessions whose client was gone",
        value=abandoned,
        unit="sessions",
        source="pg_stat_database.sessions_abandoned",
    )
    yield Evidence(
        name="share of all sessions",
        value=format_ratio(abandoned / sessions) if sessions else "",
        source="pg_stat_database.sessions_abandoned / sessions",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source="pg_stat_database.stats_reset"
    )
    yield Evidence(
        name="longest statement",
        value=round(max(statement.max_time_ms for statement in long)),
        unit="ms",
        source="pg_stat_statements.max_exec_time",
    )
    yield Evidence(
        name="share of such statements in execution time",
        value=round(case.share_of_all(long), 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )
    yield Evidence(name=_SETTING, value=0, unit="ms", source="pg_settings, pg_db_role_setting")


def _remedies(case: Case, limits: Limits) -> tuple[Action, ...]:
    return (
        change_for_database(case.snapshot.server, _SETTING, f"{limits.proposed_ms:.0f}"),
        ManualSteps(
            title="Let clients say that they go",
            steps=(
                (
                    "Where a request is given up, cancel its statement before its connection is "
                    "closed: drivers have `cancel()`, or a timeout of a statement that does."
                ),
            ),
        ),
    )
