"""Row locks that many transactions share, and whose lists are read from disk."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    ConstraintKind,
    Evidence,
    Finding,
    Impact,
    LookupActivity,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Table,
    change_where_set,
    days_since,
    format_count,
    format_ratio,
    known,
    rule,
)

_BUFFERS = ("multixact_offset_buffers", "multixact_member_buffers")
"""Of PostgreSQL 17; before, their number is fixed."""
_SHOWN_COUNT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many reads are too many, and what is proposed."""

    min_reads_per_day_count: float = 86_400.0
    """Blocks that were not in memory: one a second."""

    min_read_ratio: float = 0.01
    """Of all blocks that were looked at."""

    raised_ratio: float = 8.0
    """The proposed number of buffers, as a multiple of the one now."""

    max_buffers_count: int = 1_024
    """No more is proposed: 8 MB."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def multixact_lookups(case: Case, limits: Limits) -> Outcome:
    """Shared row locks are looked up on disk.

    ## Why it matters
    A row has room for one transaction.  Where several lock it at the same time, as inserts into
    a referencing table do with the row that they refer to, a list of them is kept elsewhere, with
    a cache of a few dozen blocks.  Where that is too small, each look at such a row reads a block
    while others wait for the same lock of the cache: statements stall together, for no reason
    that their plans show.

    ## What it leaves alone
    Servers that read such a block less than once a second, or find 99 % of them in memory.  The
    counters are those of the whole server, so that another database may be the reason.

    ## Before you act
    More buffers treat the symptom.  The cause is a row that very many refer to and that is
    changed while they do: the counter of a shop, the balance of an account, the state of a
    parent job.  Keep what changes often in a table of its own that nobody refers to.

    ## Example
        SELECT name, blks_hit, blks_read FROM pg_stat_slru WHERE name ILIKE 'multixact%';
        ALTER SYSTEM SET multixact_member_buffers = '2MB';  -- PostgreSQL 17, and a restart
    """
    server = case.snapshot.server
    activity = known(server.lookup_activity, "counters of look-ups")
    days = days_since(server, activity.reset_at, case.limits.usage_window_days)
    looked_at = activity.multixact_hits + activity.multixact_reads
    if (
        activity.multixact_reads >= limits.min_reads_per_day_count * days
        and activity.multixact_reads >= limits.min_read_ratio * looked_at
    ):
        yield _finding(case, activity, days, limits)


def _finding(case: Case, activity: LookupActivity, days: float, limits: Limits) -> Finding:
    per_day = activity.multixact_reads / days
    ratio = activity.multixact_reads / (activity.multixact_hits + activity.multixact_reads)
    parents = _changed_parents(case)
    names = ", ".join(table.qualified_name for table in parents)
    return Finding(
        subject="multixacts",
        summary=f"Shared row locks are read from disk {format_count(per_day)} times a day, "
        f"{format_ratio(ratio)} of all look-ups",
        detail=f"Of the tables that others refer to, most rows are changed in {names}."
        if names
        else "",
        evidence=tuple(_evidence(case, activity, days, parents)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("they were not found in the cache that there is for them",),
        remedies=tuple(_remedies(case, limits)),
        impact=Impact(risk="all that look at such rows wait for each other"),
    )


def _changed_parents(case: Case) -> tuple[Table, ...]:
    """Tables that foreign keys refer to, and that are updated, the busiest first."""
    oids = {
        constraint.referenced_table_oid
        for constraint in case.snapshot.constraints
        if constraint.kind is ConstraintKind.FOREIGN_KEY
    }
    updated = [(_updates(case, table), table) for table in case.user_tables if table.oid in oids]
    busiest = sorted(updated, key=lambda row: (-row[0], row[1].qualified_name))
    return tuple(table for count, table in busiest[:_SHOWN_COUNT] if count > 0)


def _updates(case: Case, table: Table) -> int:
    return sum(activity.rows_updated for activity in case.activities_of(table))


def _evidence(
    case: Case, activity: LookupActivity, days: float, parents: tuple[Table, ...]
) -> Iterator[Evidence]:
    yield Evidence(
        name="blocks read",
        value=activity.multixact_reads,
        unit="blocks",
        source="pg_stat_slru.blks_read of both multixact caches",
    )
    yield Evidence(
        name="blocks found in memory",
        value=activity.multixact_hits,
        unit="blocks",
        source="pg_stat_slru.blks_hit of both multixact caches",
    )
    yield Evidence(
        name="counted for", value=round(days, 1), unit="days", source="pg_stat_slru.stats_reset"
    )
    for table in parents:
        yield Evidence(
            name=f"rows updated in {table.qualified_name}",
            value=_updates(case, table),
            unit="rows",
            source="pg_stat_user_tables.n_tup_upd",
        )


def _remedies(case: Case, limits: Limits) -> Iterator[Action]:
    server = case.snapshot.server
    yield ManualSteps(
        title="Share fewer row locks",
        steps=(
            (
                "Find the rows that many transactions lock at once: the parents of busy foreign "
                "keys, and what `SELECT ... FOR SHARE` or `FOR KEY SHARE` reads."
            ),
            (
                "Keep counters and states that change often out of the parent's row, in a table "
                "that nobody refers to."
            ),
            "Let transactions that insert children commit soon: the list grows with those open.",
            "A savepoint, or an exception block of PL/pgSQL, for each row makes more such lists.",
        ),
    )
    for name in _BUFFERS:
        setting = server.setting(name)
        if setting is None:
            continue
        wanted = min(round(limits.raised_ratio * int(setting.value)), limits.max_buffers_count)
        if wanted > int(setting.value):
            yield change_where_set(server, name, str(wanted))
