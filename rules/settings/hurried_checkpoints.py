"""Checkpoints that write in a hurry and then rest."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Case,
    ChangeSetting,
    Confidence,
    Evidence,
    Finding,
    Impact,
    MiB,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    format_ms,
    format_ratio,
    format_size,
    rule,
)

_TARGET = "checkpoint_completion_target"
_TIMEOUT = "checkpoint_timeout"
_MS_PER_SECOND = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a hurry is, and when it is felt."""

    min_target_ratio: float = 0.9
    """Share of the time between two checkpoints that writing may take: the server's own default
    since PostgreSQL 14."""

    min_wal_bytes: int = 64 * MiB
    """Written between two checkpoints, on average; with less there is nothing to spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wal:
    """WAL between two timed checkpoints, on average."""

    size_bytes: float
    who: str
    """Who has written it: a beginning of a sentence."""
    source: str


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def hurried_checkpoints(case: Case, limits: Limits) -> Outcome:
    """Checkpoints write everything at the start of their time.

    ## Why it matters
    A checkpoint writes all changed pages.  With half of the time for it, it writes twice as
    fast as it must, and then the disk rests: statements wait in the one half for nothing gained
    in the other.  0.5 was the default until PostgreSQL 13, and many configuration files still
    say so.

    ## What it leaves alone
    Servers on which little is written between two checkpoints, where nobody would notice.  That
    is told by the server's own count of WAL, which is there since PostgreSQL 14; else by that of
    the statements, of this database alone.
    Services that keep data in a storage of their own (Aurora, AlloyDB, Neon) are not judged.

    ## Before you act
    Recovery after a crash may take a little longer: the last checkpoint that is complete began
    longer ago.  WAL on disk grows likewise, within ``max_wal_size``.

    ## Example
        ALTER SYSTEM SET checkpoint_completion_target = 0.9;
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    target, timeout = server.setting(_TARGET), server.setting(_TIMEOUT)
    if target is None or timeout is None:
        raise SkipRule(f"{_TARGET} and {_TIMEOUT} are not in the snapshot")
    if float(target.value) >= limits.min_target_ratio:
        return
    if server.is_in_recovery:
        raise SkipRule("this is a standby, whose statements write no WAL")
    wal = _wal_of_server(case, timeout) or _wal_of_statements(case, timeout)
    if wal.size_bytes >= limits.min_wal_bytes:
        change = change_where_set(server, _TARGET, f"{limits.min_target_ratio:g}")
        yield _finding(target, timeout, wal, limits, change)


def _wal_of_server(case: Case, timeout: Setting) -> _Wal | None:
    """All WAL; None where the server has not counted it for long enough."""
    server = case.snapshot.server
    counted = server.wal_activity
    if counted is None or counted.reset_at is None:
        return None
    time_ms = (server.collected_at - counted.reset_at).total_seconds() * _MS_PER_SECOND
    if time_ms < max(case.limits.usage_window_days * MS_PER_DAY, 1.0):
        return None
    return _Wal(
        size_bytes=counted.wal_bytes / time_ms * _interval_ms(timeout),
        who="The server writes",
        source="pg_stat_wal.wal_bytes over its window",
    )


def _wal_of_statements(case: Case, timeout: Setting) -> _Wal:
    """WAL of this database's statements.

    Raises:
        SkipRule: There are none, or they were not counted for long enough.
    """
    case.require("statements")
    days, needed = case.statement_window.days, case.limits.usage_window_days
    if days is None:
        raise SkipRule("nobody knows how long statements have been counted")
    if days < needed or days == 0:
        counted, wanted = (format_ms(each * MS_PER_DAY) for each in (days, needed))
        raise SkipRule(f"statements have been counted for {counted}, {wanted} are needed")
    wal_bytes = sum(statement.wal_bytes for statement in case.snapshot.statements)
    return _Wal(
        size_bytes=wal_bytes / days * _interval_ms(timeout) / MS_PER_DAY,
        who="Statements of this database alone write",
        source="pg_stat_statements.wal_bytes over the window",
    )


def _interval_ms(timeout: Setting) -> float:
    return float(timeout.value) * _MS_PER_SECOND


def _finding(
    target: Setting, timeout: Setting, wal: _Wal, limits: Limits, change: ChangeSetting
) -> Finding:
    given = float(target.value)
    return Finding(
        subject=_TARGET,
        summary=f"Checkpoints write in {format_ratio(given)} of their time what they could spread "
        f"over {format_ratio(limits.min_target_ratio)}",
        detail=f"{wal.who} {format_size(wal.size_bytes)} of WAL between two checkpoints, on "
        "average.",
        evidence=tuple(_evidence(target, timeout, wal)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("enough is written between two checkpoints to be spread",),
        remedies=(change,),
        impact=Impact(risk="statements wait for the disk while a checkpoint hurries"),
    )


def _evidence(target: Setting, timeout: Setting, wal: _Wal) -> Iterator[Evidence]:
    yield Evidence(
        name=_TARGET,
        value=float(target.value),
        unit="ratio",
        source=f"pg_settings.setting, from: {target.source}",
    )
    yield Evidence(
        name=_TIMEOUT, value=_interval_ms(timeout), unit="ms", source="pg_settings.setting"
    )
    yield Evidence(
        name="WAL between two checkpoints",
        value=round(wal.size_bytes),
        unit="bytes",
        source=wal.source,
    )
