"""Servers that allow many times the connections that anybody makes."""

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
    Setting,
    Severity,
    format_count,
    known,
    require_sessions,
    rule,
)

_MAX = "max_connections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What generous is."""

    min_allowed_count: int = 500
    """Of ``max_connections``."""

    max_used_ratio: float = 0.3
    """Connections now, and on average, as a share of these."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def generous_max_connections(case: Case, limits: Limits) -> Outcome:
    """The server allows many times the connections that are made.

    ## Why it matters
    ``max_connections`` is the last dam before too many statements at once.  When something is
    slow and every pool opens all it may, a server with hundreds of free places takes them all in,
    runs out of memory or time, and falls; one with fewer refuses some and goes on with the rest.
    Tables of locks and of sessions in shared memory are sized by it too.

    ## What it leaves alone
    Less than five hundred; servers of which a third is taken, now or on average.

    ## Before you act
    One snapshot sees one moment, and the average hides the peak: this is said with low
    confidence.  Watch the peak of a week first.  It takes a restart; standbys need at least what
    their primary has, so lower the primary first.

    ## Example
        SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend';
        ALTER SYSTEM SET max_connections = 200;  -- and a restart
    """
    server = case.snapshot.server
    require_sessions(server)
    setting = known(server.setting(_MAX), f"values of {_MAX}")
    allowed = int(setting.value)
    now = sum(one.count for one in known(server.connections, "connections"))
    average = _average(case)
    used = max(now, average or 0.0)
    if allowed >= limits.min_allowed_count and used < limits.max_used_ratio * allowed:
        yield _finding(setting, now, average)


def _average(case: Case) -> float | None:
    """Connections to this database, on average; None where nobody has counted."""
    time_ms, window = case.snapshot.server.activity.session_time_ms, case.counter_window
    if time_ms is None or not window.days or window.is_lower_bound:
        return None
    return time_ms / (window.days * MS_PER_DAY)


def _finding(setting: Setting, now: int, average: float | None) -> Finding:
    return Finding(
        subject=_MAX,
        summary=f"{format_count(now)} of {format_count(int(setting.value))} allowed connections "
        "are taken",
        detail="The peak is not known.",
        evidence=tuple(_evidence(setting, now, average)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.LOW,
        remedies=(_remedy(setting),),
        impact=Impact(risk="a burst of connections is let in, and the server falls with it"),
    )


def _evidence(setting: Setting, now: int, average: float | None) -> Iterator[Evidence]:
    yield Evidence(
        name="connections now",
        value=now,
        unit="connections",
        source="pg_stat_activity, client backends",
    )
    if average is not None:
        yield Evidence(
            name="connections on average",
            value=round(average, 1),
            unit="connections",
            source="pg_stat_database.session_time over the window, of this database",
        )
    yield Evidence(
        name=_MAX,
        value=int(setting.value),
        unit="connections",
        source=f"pg_settings.setting, from: {setting.source}",
    )


def _remedy(setting: Setting) -> ManualSteps:
    return ManualSteps(
        title="Allow a quarter more connections than the peak takes",
        steps=(
            (
                "Watch `SELECT count(*) FROM pg_stat_activity` for a week, and take a quarter more "
                "than its peak."
            ),
            f"Set {_MAX} to that on the primary and restart it, then on the standbys.",
            (
                f"The way back, from the {setting.source}: {setting.value}; then standbys first, "
                "and the primary last."
            ),
        ),
    )
