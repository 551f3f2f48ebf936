"""Transactions that run for hours."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
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
    require_sessions,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long is too long."""

    min_age_ms: float = 3_600_000.0
    """Since the transaction began."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def long_transaction(case: Case, limits: Limits) -> Outcome:
    """A transaction has been at work for hours.

    ## Why it matters
    Until it ends, its locks stay, and nothing that died since it began can be removed from any
    table of the database.  If it fails near its end, all of its work is lost, and rolling back
    leaves as many dead rows as it wrote.

    ## What it leaves alone
    Transactions of less than an hour; backups and other COPY, vacuums, index builds and
    refreshes, which take as long as they take; transactions that are idle, which
    ``idle-in-transaction`` reports; background workers; other databases.  One that only reads is
    a remark; one that writes is a warning.

    ## Before you act
    It may be a report or a migration that runs once a year.  One snapshot sees one moment: look
    again tomorrow.

    ## Example
        DELETE FROM event WHERE id IN (
            SELECT id FROM event WHERE created_at < now() - interval '1 year' LIMIT 10000
        );  -- again until it deletes nothing, each time in a transaction of its own
    """
    server = case.snapshot.server
    require_sessions(server)
    by_role: dict[str, list[OpenTransaction]] = defaultdict(list)
    for one in known(server.open_transactions, "open transactions"):
        if _is_reported(one, limits) and one.role is not None:
            by_role[one.role].append(one)
    for role, sessions in sorted(by_role.items()):
        yield _finding(role, sessions)


def _is_reported(one: OpenTransaction, limits: Limits) -> bool:
    return (
        one.backend_type == "client backend"
        and one.is_in_this_database
        and one.command is None
        and not one.is_idle
        and one.age_ms is not None
        and one.age_ms >= limits.min_age_ms
        and one.horizon_age is not None
    )


def _finding(role: str, sessions: list[OpenTransaction]) -> Finding:
    longest_ms = max(one.age_ms or 0.0 for one in sessions)
    writes = any(one.transaction_id_age is not None for one in sessions)
    waits = any(one.is_waiting_for_lock for one in sessions)
    count = len(sessions)
    who = f"A transaction of {role} has" if count == 1 else f"{count} transactions of {role} have"
    return Finding(
        subject=role,
        summary=f"{who} been at work for {format_ms(longest_ms)}"
        + (" at the longest" if count > 1 else ""),
        detail=" ".join(_details(writes=writes, waits=waits)),
        evidence=tuple(_evidence(sessions, longest_ms)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("it is no backup, vacuum or index build, and not idle",),
        remedies=(_remedy(role),),
        impact=Impact(risk="dead rows pile up, and a failure loses hours of work"),
        severity=Severity.WARNING if writes else Severity.INFO,
    )


def _details(*, writes: bool, waits: bool) -> Iterator[str]:
    yield "It has written." if writes else "It has only read so far."
    if waits:
        yield "It waits for a lock now: see who holds that."


def _evidence(sessions: list[OpenTransaction], longest_ms: float) -> Iterator[Evidence]:
    yield Evidence(
        name="transactions",
        value=len(sessions),
        unit="transactions",
        source="pg_stat_activity.xact_start",
    )
    yield Evidence(
        name="at work for",
        value=round(longest_ms),
        unit="ms",
        source="pg_stat_activity.xact_start",
    )
    yield Evidence(
        name="transactions held back",
        value=max(one.horizon_age or 0 for one in sessions),
        unit="transactions",
        source="pg_stat_activity.backend_xid, backend_xmin",
    )


def _remedy(role: str) -> ManualSteps:
    return ManualSteps(
        title=f"Cut the work of {role} into shorter transactions",
        steps=(
            (
                "See what it does: `SELECT pid, xact_start, wait_event_type, query, "
                "pg_blocking_pids(pid) FROM pg_stat_activity WHERE xact_start < now() - "
                "interval '1 hour' ORDER BY xact_start`."
            ),
            "Write and delete in batches of some thousand rows, each with a commit of its own.",
            "Let reports read from a standby, or from a copy of last night.",
        ),
    )
