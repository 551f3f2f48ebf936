"""WAL that sessions have to write before their transaction ends, for want of buffers."""

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
    MiB,
    Outcome,
    Provenance,
    Server,
    Setting,
    Severity,
    SkipRule,
    WalActivity,
    change_where_set,
    days_since,
    format_count,
    format_size,
    known,
    rule,
)

_BUFFERS = "wal_buffers"
_BLOCK = "wal_block_size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often is too often, and what is proposed."""

    min_full_per_day_count: float = 86_400.0
    """Times a day that the buffers were full: one a second."""

    proposed_bytes: int = 64 * MiB
    """Larger ones gain nothing that was ever seen."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def small_wal_buffers(case: Case, limits: Limits) -> Outcome:
    """Sessions write WAL in the middle of a transaction, since its buffers are full.

    ## Why it matters
    What a session changes goes to ``wal_buffers`` first, and to disk when it commits.  Where the
    buffers are full before that, it has to write them out while it holds the lock that all others
    need for their own changes, and these wait too.  The default is 1/32 of ``shared_buffers``,
    16 MB at most.

    ## What it leaves alone
    Servers whose buffers are full less often than once a second, and those that have 64 MB: a
    load that writes more than that between two flushes is bounded by its disk.  Standbys write
    what they receive.  PostgreSQL 13 does not count it.

    ## Before you act
    It takes a restart, and 64 MB of memory.  Where COPY or CREATE TABLE AS of a nightly load fills
    the buffers and nobody else writes then, nothing is gained.

    ## Example
        SELECT wal_buffers_full, stats_reset FROM pg_stat_wal;
        ALTER SYSTEM SET wal_buffers = '64MB';  -- and a restart
    """
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby, which writes the WAL of its primary")
    activity = known(server.wal_activity, "counters of WAL")
    setting = known(server.setting(_BUFFERS), f"values of {_BUFFERS}")
    block_bytes = int(known(server.setting(_BLOCK), f"values of {_BLOCK}").value)
    days = days_since(server, activity.reset_at, case.limits.usage_window_days)
    is_small = int(setting.value) * block_bytes < limits.proposed_bytes
    if is_small and activity.full_buffers >= limits.min_full_per_day_count * days:
        yield _finding(server, setting, activity, days, limits.proposed_bytes // block_bytes)


def _finding(
    server: Server, setting: Setting, activity: WalActivity, days: float, wanted: int
) -> Finding:
    per_day = activity.full_buffers / days
    return Finding(
        subject=_BUFFERS,
        summary=f"The buffers of WAL were full {format_count(per_day)} times a day, and were "
        "written by whoever came then",
        evidence=tuple(_evidence(setting, activity, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("the buffers are smaller than what has ever been of use",),
        remedies=_remedies(server, wanted),
        impact=Impact(risk="all sessions that write wait for the one that empties the buffers"),
    )


def _evidence(setting: Setting, activity: WalActivity, days: float) -> Iterator[Evidence]:
    yield Evidence(
        name="times that the buffers were full",
        value=activity.full_buffers,
        unit="times",
        source="pg_stat_wal.wal_buffers_full",
    )
    yield Evidence(
        name="WAL a day",
        value=format_size(activity.wal_bytes / days),
        source="pg_stat_wal.wal_bytes",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source="pg_stat_wal.stats_reset"
    )
    yield Evidence(
        name=_BUFFERS,
        value=int(setting.value),
        unit="WAL blocks",
        source=f"pg_settings.setting, from: {setting.source}",
    )


def _remedies(server: Server, wanted: int) -> tuple[Action, ...]:
    return (
        change_where_set(server, _BUFFERS, str(wanted)),
        ManualSteps(
            title="See what became of it",
            steps=(
                "Compare the same counter in a week; with it, the time that commits take.",
                (
                    "If it is one job that fills them, let it write less: COPY in the place of "
                    "INSERT, and indexes after the load."
                ),
            ),
        ),
    )
