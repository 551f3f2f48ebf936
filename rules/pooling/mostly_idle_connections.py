"""Pools that keep far more connections than are ever at work."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
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
    format_count,
    format_ratio,
    known,
    require_sessions,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How idle is too idle."""

    min_connections_count: int = 100
    """To this database, now."""

    min_idle_ratio: float = 0.8
    """Share of them that do nothing now."""

    max_busy_ratio: float = 0.2
    """Share of all session time that was spent in statements and open transactions."""

    headroom_ratio: float = 3.0
    """Proposed size, as a multiple of the connections that are busy on average."""

    min_pool_count: int = 10
    """No smaller size is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """What the connections do."""

    count: int
    idle: int
    busy: float
    """Connections that were busy, on average of the window."""
    busy_ratio: float
    days: float


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def mostly_idle_connections(case: Case, limits: Limits) -> Outcome:
    """Most connections to the database do nothing.

    ## Why it matters
    Each connection is a process with memory of its own: some megabytes, more for every table
    that it has touched.  And a pool that is many times larger than what is needed lets all of
    them come at once when something is slow, and then everything is slow.

    ## What it leaves alone
    Fewer than a hundred connections; those of other databases; and connections of which a fifth
    of the time is spent in statements or transactions since the counters were reset.

    ## Before you act
    The proposed size rests on an average, three times of it.  A load with short bursts needs
    more; measure how long requests wait for a connection, and go down in steps.  Some frameworks
    have one pool per process: it is the sum that counts.

    ## Example
        ; pgbouncer.ini
        pool_mode = transaction
        default_pool_size = 20
    """
    server = case.snapshot.server
    require_sessions(server)
    here = [one for one in known(server.connections, "connections") if one.is_in_this_database]
    count = sum(one.count for one in here)
    idle = sum(one.count for one in here if one.state == "idle")
    if count < limits.min_connections_count or idle < limits.min_idle_ratio * count:
        return
    load = _load(case, count, idle)
    if load.busy_ratio <= limits.max_busy_ratio:
        yield _finding(case, load, limits)


def _load(case: Case, count: int, idle: int) -> _Load:
    """What they did since the counters were reset.

    Raises:
        SkipRule: The server does not tell.
    """
    activity = case.snapshot.server.activity
    if activity.session_time_ms is None or activity.active_time_ms is None:
        raise SkipRule("how long sessions were busy is not known: PostgreSQL 14 began to count it")
    days = case.counter_window.days
    if not days or case.counter_window.is_lower_bound:
        raise SkipRule("nobody knows how long the sessions have been counted")
    busy_ms = activity.active_time_ms + (activity.idle_in_transaction_time_ms or 0.0)
    return _Load(
        count=count,
        idle=idle,
        busy=busy_ms / (days * MS_PER_DAY),
        busy_ratio=busy_ms / activity.session_time_ms if activity.session_time_ms else 0.0,
        days=days,
    )


def _finding(case: Case, load: _Load, limits: Limits) -> Finding:
    size = max(math.ceil(limits.headroom_ratio * load.busy), limits.min_pool_count)
    return Finding(
        subject=case.snapshot.server.database,
        summary=f"{format_count(load.idle)} of {format_count(load.count)} connections do nothing; "
        f"{_average(load.busy)} busy on average",
        evidence=tuple(_evidence(load)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("they were as idle since the counters were reset",),
        remedies=(_remedy(size),) if size < load.count else (),
        impact=Impact(risk="all of them come at once when something is slow"),
    )


def _average(busy: float) -> str:
    return "fewer than one is" if busy < 1 else f"{busy:.1f} are"


def _evidence(load: _Load) -> Iterator[Evidence]:
    view = "pg_stat_activity, client backends of this database"
    yield Evidence(name="connections", value=load.count, unit="connections", source=view)
    yield Evidence(name="idle", value=load.idle, unit="connections", source=view)
    yield Evidence(
        name="busy on average",
        value=round(load.busy, 2),
        unit="connections",
        source="pg_stat_database.active_time + idle_in_transaction_time over the window",
    )
    yield Evidence(
        name="share of session time that is busy",
        value=round(load.busy_ratio, 4),
        unit="ratio",
        source="the same / pg_stat_database.session_time",
    )
    yield Evidence(
        name="counted for",
        value=round(load.days, 1),
        unit="days",
        source="pg_stat_database.stats_reset",
    )


def _remedy(size: int) -> ManualSteps:
    return ManualSteps(
        title=f"Make do with about {format_count(size)} connections",
        steps=(
            (
                f"Lower the sizes of the pools so that their sum is about {format_count(size)}, in "
                f"steps of {format_ratio(0.25)}, and watch how long requests wait for a connection."
            ),
            (
                "Where many processes have a pool each, put a pooler between them and the server, "
                "in transaction mode if the application uses no SET, LISTEN, temporary tables or "
                "session-wide advisory locks."
            ),
        ),
    )
