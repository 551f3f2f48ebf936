"""Transactions with so many savepoints that everybody has to look up who is whose part."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    LookupActivity,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    change_where_set,
    days_since,
    format_count,
    known,
    rule,
)

_BUFFERS = "subtransaction_buffers"
"""Of PostgreSQL 17; before, their number is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many reads are too many, and what is proposed."""

    min_reads_per_day_count: float = 86_400.0
    """Blocks that were not in memory: one a second.  On a server without long transactions of
    many parts there is none."""

    raised_ratio: float = 8.0
    """The proposed number of buffers, as a multiple of the one now."""

    max_buffers_count: int = 1_024
    """No more is proposed: 8 MB."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def subtransaction_lookups(case: Case, limits: Limits) -> Outcome:
    """Subtransactions are looked up on disk.

    ## Why it matters
    Each savepoint, and each block with an exception handler in PL/pgSQL, that writes is a
    transaction of its own within the other one.  A session tells others of 64 of them.  Beyond
    that, everybody who sees a row of that time looks up whose part it is, in a cache of a few
    dozen blocks, and a long transaction makes them look far back.  All statements of the server
    get slower at once, standbys worst.

    ## What it leaves alone
    Servers that read such a block less than once a second.  The counters are those of the whole
    server, so that another database may be the reason.

    ## Before you act
    Find who makes them: ORMs that wrap each save in a savepoint, loops with an exception block
    for each row, and drivers that set a savepoint before each statement (``autosave`` of JDBC,
    ``ON_ERROR_ROLLBACK`` of psql).  It takes a long transaction beside it: see
    ``long-transaction``.

    ## Example
        SELECT name, blks_hit, blks_read FROM pg_stat_slru WHERE name ILIKE 'subtrans%';
        INSERT INTO note (id, body) VALUES (1, 'x') ON CONFLICT DO NOTHING;  -- no savepoint needed
    """
    server = case.snapshot.server
    activity = known(server.lookup_activity, "counters of look-ups")
    days = days_since(server, activity.reset_at, case.limits.usage_window_days)
    if activity.subtransaction_reads >= limits.min_reads_per_day_count * days:
        yield _finding(case, activity, days, limits)


def _finding(case: Case, activity: LookupActivity, days: float, limits: Limits) -> Finding:
    per_day = activity.subtransaction_reads / days
    return Finding(
        subject="subtransactions",
        summary=f"Subtransactions are read from disk {format_count(per_day)} times a day",
        evidence=tuple(_evidence(activity, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("they were not found in the cache that there is for them",),
        remedies=tuple(_remedies(case, limits)),
        impact=Impact(risk="all that read rows of that time get slower together"),
    )


def _evidence(activity: LookupActivity, days: float) -> Iterator[Evidence]:
    yield Evidence(
        name="blocks read",
        value=activity.subtransaction_reads,
        unit="blocks",
        source="pg_stat_slru.blks_read of subtransactions",
    )
    yield Evidence(
        name="blocks found in memory",
        value=activity.subtransaction_hits,
        unit="blocks",
        source="pg_stat_slru.blks_hit of subtransactions",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source="pg_stat_slru.stats_reset"
    )


def _remedies(case: Case, limits: Limits) -> Iterator[Action]:
    yield ManualSteps(
        title="Make fewer subtransactions, and shorter transactions",
        steps=(
            (
                "Find who makes more than 64: since PostgreSQL 16, `SELECT pid, (s).* FROM "
                "pg_stat_activity a, pg_stat_get_backend_idset() b, "
                "pg_stat_get_backend_subxact(b) s WHERE pg_stat_get_backend_pid(b) = pid`."
            ),
            (
                "Take savepoints out of loops: `INSERT ... ON CONFLICT` in the place of an "
                "exception block, and one savepoint for a batch in the place of one for each row."
            ),
            "Commit sooner: without a long transaction beside them nobody has to look far back.",
        ),
    )
    setting = case.snapshot.server.setting(_BUFFERS)
    if setting is not None:
        wanted = min(round(limits.raised_ratio * int(setting.value)), limits.max_buffers_count)
        if wanted > int(setting.value):
            yield change_where_set(case.snapshot.server, _BUFFERS, str(wanted))
