"""Checkpoints that come before their time, since WAL has no more room."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Server,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    days_since,
    format_count,
    format_ratio,
    format_size,
    known,
    number_of,
    rule,
)

_SIZE = "max_wal_size"
_TARGET = "checkpoint_completion_target"
_TIMEOUT = "checkpoint_timeout"
_MS_PER_SECOND = 1_000.0
_MIB_PER_GIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often is too often."""

    min_requested_ratio: float = 0.2
    """Requested checkpoints as a share of all."""

    min_daily_count: float = 12.0
    """Requested checkpoints a day; a nightly load may ask for some."""

    min_requested_count: int = 50
    """In all: one load asks for a dozen, whatever the rate of a short time comes to."""

    min_explained_ratio: float = 0.5
    """Share of the requested ones that the WAL which was written can account for."""

    peak_ratio: float = 2.0
    """WAL of a busy time, as a multiple of the average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How fast checkpoints and WAL come."""

    requested: int
    ratio: float
    requested_per_day: float
    days: float
    wal_bytes_per_day: float | None
    """None: the server does not count it, or not for long enough."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def requested_checkpoints(case: Case, limits: Limits) -> Outcome:
    """Checkpoints come before their time, since max_wal_size is reached.

    ## Why it matters
    After a checkpoint, the first change of each page writes the whole page into WAL.  The more
    often checkpoints come, the more of these there are: that makes more WAL, which makes the next
    checkpoint come sooner.  In a trial, a ``max_wal_size`` of 64 MB instead of 1 GB wrote up to
    half as much WAL again for the same transactions.

    ## What it leaves alone
    A small share, a few a day, and those of a single load.  Checkpoints that somebody asks for:
    a backup, CREATE DATABASE and CHECKPOINT are counted in the same place, so the WAL that was
    written has to be enough to explain at least half of them.  Standbys.

    ## Before you act
    WAL on disk may grow to the new size, and recovery after a crash takes longer, for it replays
    what came since the last checkpoint.  See that there is twice that room.

    ## Example
        ALTER SYSTEM SET max_wal_size = '4096MB';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its restartpoints follow the checkpoints of its primary")
    size = known(server.setting(_SIZE), f"values of {_SIZE}")
    target, timeout_s = number_of(server, _TARGET), number_of(server, _TIMEOUT)
    pace = _pace(case)
    if (
        pace.requested < limits.min_requested_count
        or pace.ratio < limits.min_requested_ratio
        or pace.requested_per_day < limits.min_daily_count
    ):
        return
    trigger_bytes = float(size.value) * MiB / (1 + target)
    if pace.wal_bytes_per_day is not None:
        explained = pace.wal_bytes_per_day / trigger_bytes
        if explained < limits.min_explained_ratio * pace.requested_per_day:
            return
    wal_per_timeout = (pace.wal_bytes_per_day or 0.0) * timeout_s * _MS_PER_SECOND / MS_PER_DAY
    wanted_mib = _rounded_mib(
        max(
            2 * float(size.value),
            float(size.boot_value or 0.0),
            limits.peak_ratio * wal_per_timeout * (1 + target) / MiB,
        )
    )
    if size.max_value is None or wanted_mib <= float(size.max_value):
        yield _finding(server, size, pace, wanted_mib)


def _pace(case: Case) -> _Pace:
    server = case.snapshot.server
    counters = known(server.write_activity, "counters of checkpoints")
    needed = case.limits.usage_window_days
    days = days_since(server, counters.reset_at, needed)
    total = counters.timed_checkpoints + counters.requested_checkpoints
    wal = server.wal_activity
    wal_bytes_per_day = None
    if wal is not None:
        wal_bytes_per_day = wal.wal_bytes / days_since(server, wal.reset_at, needed)
    return _Pace(
        requested=counters.requested_checkpoints,
        ratio=counters.requested_checkpoints / total if total else 0.0,
        requested_per_day=counters.requested_checkpoints / days,
        days=days,
        wal_bytes_per_day=wal_bytes_per_day,
    )


def _rounded_mib(size_mib: float) -> int:
    """Up to whole gigabytes, where it is that much."""
    step = _MIB_PER_GIB if size_mib >= _MIB_PER_GIB else 1
    return math.ceil(size_mib / step) * step


def _finding(server: Server, size: Setting, pace: _Pace, wanted_mib: int) -> Finding:
    return Finding(
        subject=_SIZE,
        summary=f"{format_ratio(pace.ratio)} of the checkpoints come before their time: "
        f"{format_count(pace.requested_per_day)} a day",
        detail="How much WAL was written is not known, so some may have been asked for by "
        "backups or commands."
        if pace.wal_bytes_per_day is None
        else f"{format_size(pace.wal_bytes_per_day)} of WAL are written a day, on average.",
        evidence=tuple(_evidence(size, pace)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.LOW if pace.wal_bytes_per_day is None else Confidence.HIGH,
        guards=()
        if pace.wal_bytes_per_day is None
        else ("the WAL that was written is enough to explain them",),
        remedies=_remedies(server, wanted_mib),
        impact=Impact(risk="pages are written whole into WAL more often than they need be"),
    )


def _evidence(size: Setting, pace: _Pace) -> Iterator[Evidence]:
    view = "pg_stat_checkpointer (pg_stat_bgwriter before PostgreSQL 17)"
    yield Evidence(
        name="requested checkpoints", value=pace.requested, unit="checkpoints", source=view
    )
    yield Evidence(
        name="share of all checkpoints", value=round(pace.ratio, 4), unit="ratio", source=view
    )
    yield Evidence(name="counted for", value=round(pace.days, 1), unit="days", source=view)
    if pace.wal_bytes_per_day is not None:
        yield Evidence(
            name="WAL a day",
            value=round(pace.wal_bytes_per_day),
            unit="bytes",
            source="pg_stat_wal.wal_bytes over its window",
        )
    yield Evidence(
        name=_SIZE,
        value=round(float(size.value) * MiB),
        unit="bytes",
        source=f"pg_settings.setting, from: {size.source}",
    )


def _remedies(server: Server, wanted_mib: int) -> tuple[Action, ...]:
    size = format_size(wanted_mib * MiB)
    return (
        change_where_set(
            server,
            _SIZE,
            str(wanted_mib),
            review_reason=f"see first that the disk of WAL has twice {size} of room",
        ),
        ManualSteps(
            title="Look again in a week",
            steps=("As long as many checkpoints are requested, double it once more.",),
        ),
    )
