"""Standbys that cancel statements in favour of recovery."""

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
    Server,
    Severity,
    SkipRule,
    format_count,
    rule,
)

_FEEDBACK = "hot_standby_feedback"
_DELAY = "max_standby_streaming_delay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many are too many."""

    min_daily_count: float = 10.0
    """Statements cancelled a day."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("usage-window",))
def recovery_conflicts(case: Case, limits: Limits) -> Outcome:
    """The standby cancels statements, since they stand in the way of recovery.

    ## Why it matters
    A standby replays what its primary did: vacuum removed rows that a statement here still reads,
    or a table was locked there.  Recovery waits for ``max_standby_streaming_delay``, then cancels
    the statement with "canceling statement due to conflict with recovery".  Reports fail so, and
    the longer they take, the surer.

    ## What it leaves alone
    Fewer than ten a day.  A primary has none, and says nothing of its standbys: run on them.

    ## Before you act
    Each cure has a price.  With ``hot_standby_feedback`` the primary keeps dead rows for as long
    as statements run here, and its tables grow.  With a longer delay, the standby falls behind
    meanwhile, which is wrong for one that is to take over.  A standby that is for reports alone
    may well wait.

    ## Example
        ALTER SYSTEM SET hot_standby_feedback = on;
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    if not server.is_in_recovery:
        if server.streaming_replica_count == 0:
            return
        raise SkipRule("conflicts are counted on standbys, and this is a primary: run on them too")
    days = case.counter_window.days
    if not days or case.counter_window.is_lower_bound:
        raise SkipRule("nobody knows how long conflicts have been counted")
    if server.activity.conflicts >= limits.min_daily_count * days:
        yield _finding(server, server.activity.conflicts / days, days)


def _kinds(activity: DatabaseActivity) -> tuple[tuple[str, str, int], ...]:
    """Name, column and count of each kind that there was, the most frequent first."""
    kinds = (
        ("rows that the primary has removed", "confl_snapshot", activity.snapshot_conflicts),
        ("locks of the primary", "confl_lock", activity.lock_conflicts),
        ("pages that it held", "confl_bufferpin", activity.buffer_pin_conflicts),
    )
    return tuple(sorted((kind for kind in kinds if kind[2]), key=lambda kind: -kind[2]))


def _finding(server: Server, per_day: float, days: float) -> Finding:
    kinds = _kinds(server.activity)
    return Finding(
        subject=server.database,
        summary=f"The standby cancels {format_count(per_day)} statements a day in favour of "
        "recovery",
        detail=f"Most of them over {kinds[0][0]}." if kinds else "",
        evidence=tuple(_evidence(server, kinds, per_day, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        remedies=(_remedy(server, kinds),),
        impact=Impact(risk="reports fail, the long ones again and again"),
    )


def _evidence(
    server: Server, kinds: tuple[tuple[str, str, int], ...], per_day: float, days: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="statements cancelled a day",
        value=round(per_day, 1),
        unit="statements",
        source="pg_stat_database.conflicts over the window",
    )
    yield Evidence(
        name="counted for",
        value=round(days, 1),
        unit="days",
        source="pg_stat_database.stats_reset",
    )
    for name, column, count in kinds:
        yield Evidence(
            name=f"over {name}",
            value=count,
            unit="statements",
            source=f"pg_stat_database_conflicts.{column}",
        )
    for setting in (server.setting(_FEEDBACK), server.setting(_DELAY)):
        if setting is not None:
            yield Evidence(
                name=setting.name,
                value=setting.value,
                unit=setting.unit or "",
                source="pg_settings.setting",
            )


def _remedy(server: Server, kinds: tuple[tuple[str, str, int], ...]) -> ManualSteps:
    feedback = server.setting(_FEEDBACK)
    columns = [column for _, column, _ in kinds]
    steps: list[str] = []
    if "confl_snapshot" in columns and feedback is not None and feedback.value == "off":
        steps.append(
            f"`ALTER SYSTEM SET {_FEEDBACK} = on` on the standby and `SELECT pg_reload_conf()`, if "
            "the primary can afford to keep dead rows as long as statements run here; the way "
            f"back: `ALTER SYSTEM RESET {_FEEDBACK}`, or to off where that was written."
        )
    steps.append(
        f"If this standby need not take over at once: a longer `{_DELAY}`, up to what its longest "
        "statement takes; note the value of now for the way back."
    )
    if "confl_lock" in columns:
        steps.append(
            "Change tables on the primary at quiet hours. Vacuum takes such a lock too where it "
            "gives empty pages back: `vacuum_truncate = off` for tables that are read here."
        )
    steps.append("Let the application run a read again that was cancelled (SQLSTATE 40001).")
    return ManualSteps(title="Let statements on the standby end", steps=tuple(steps))
