"""Statements whose counters are thrown away, since there is no room for all of them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
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
    SkipRule,
    change_where_set,
    format_count,
    known,
    rule,
)

_SETTING = "pg_stat_statements.max"
_UTILITIES = "pg_stat_statements.track_utility"
_EVICTED_RATIO = 0.05
"""Of the entries are thrown away at once, the least used ones: ``USAGE_DEALLOC_PERCENT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be lost, and what is proposed."""

    max_evicted_per_day_ratio: float = 0.01
    """Of the entries."""

    headroom_ratio: float = 2.0
    """Proposed entries, as a multiple of those that a day has."""

    max_proposed_count: int = 10_000
    """Entries; with more, reading them takes tens of milliseconds, and their texts megabytes."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def evicted_statements(case: Case, limits: Limits) -> Outcome:
    """Counters of statements are thrown away, for want of room.

    ## Why it matters
    ``pg_stat_statements`` has room for 5,000 entries, one for each statement, role and database.
    Where it is full, the twentieth part that is used least goes, and begins anew when it comes
    again.  What runs seldom and takes long is never seen; the sums of all others are too low; and
    rules that need them are skipped.

    ## What it leaves alone
    Servers that lose a hundredth of their entries in a day at most.  Before PostgreSQL 14 nobody
    counts what is lost.

    ## Before you act
    It takes a restart and some memory.  Where so many statements come that twice their number is
    more than ten thousand, most of them differ only in what should be a parameter, or in a list,
    in a name of a temporary table or of a savepoint: more room would be full as soon, and none is
    proposed.

    ## Example
        SELECT dealloc, stats_reset FROM pg_stat_statements_info;
        ALTER SYSTEM SET pg_stat_statements.max = 10000;  -- and a restart
    """
    server = case.snapshot.server
    info = server.statements_info
    if info is None:
        raise SkipRule("pg_stat_statements is not usable, so nothing is lost")
    if info.deallocations is None:
        raise SkipRule("how many entries were lost is not known: PostgreSQL 14 began to count it")
    days = case.statement_window.days
    if not days:
        raise SkipRule(f"nobody knows since when they are counted: {case.statement_window.note}")
    if info.deallocations == 0:
        return
    setting = known(server.setting(_SETTING), f"values of {_SETTING}")
    lost_ratio = info.deallocations * _EVICTED_RATIO / days
    if lost_ratio > limits.max_evicted_per_day_ratio:
        yield _finding(case, setting, info.deallocations, days, limits)


def _finding(
    case: Case, setting: Setting, deallocations: int, days: float, limits: Limits
) -> Finding:
    lost_per_day = deallocations * _EVICTED_RATIO * int(setting.value) / days
    return Finding(
        subject=_SETTING,
        summary=f"pg_stat_statements throws away the counters of {format_count(lost_per_day)} "
        f"entries a day, of {format_count(int(setting.value))} that it has room for",
        evidence=tuple(_evidence(setting, deallocations, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("the server counts what it throws away",),
        remedies=tuple(_remedies(case, setting, lost_per_day, limits)),
        impact=Impact(risk="what runs seldom and takes long is never seen"),
    )


def _evidence(setting: Setting, deallocations: int, days: float) -> Iterator[Evidence]:
    view = "pg_stat_statements_info"
    yield Evidence(
        name="times that entries were thrown away",
        value=deallocations,
        unit="times",
        source=f"{view}.dealloc",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source=f"{view}.stats_reset"
    )
    yield Evidence(
        name=_SETTING,
        value=int(setting.value),
        unit="entries",
        source=f"pg_settings.setting, from: {setting.source}",
    )


def _remedies(
    case: Case, setting: Setting, lost_per_day: float, limits: Limits
) -> Iterator[Action]:
    server, now = case.snapshot.server, int(setting.value)
    wanted = math.ceil(limits.headroom_ratio * (now + lost_per_day) / 1_000) * 1_000
    if wanted <= limits.max_proposed_count:
        yield change_where_set(server, _SETTING, str(wanted))
    utilities = server.setting(_UTILITIES)
    without_utilities = (
        f"`ALTER SYSTEM SET {_UTILITIES} = off` leaves out what is no SELECT, INSERT, UPDATE, "
        "DELETE or MERGE, COMMIT and DDL as well; the way back is `on`."
    )
    is_on = utilities is not None and utilities.value == "on"
    yield ManualSteps(
        title="Let fewer statements look different",
        steps=(
            (
                "See which there are many of: `SELECT left(query, 40), count(*) FROM "
                "pg_stat_statements GROUP BY 1 ORDER BY 2 DESC LIMIT 20`."
            ),
            (
                "Lists of varying length want `= ANY($1)`, and names that are made up for each "
                "session (temporary tables, savepoints, cursors) a fixed one."
            ),
            *((without_utilities,) if is_on else ()),
        ),
    )
