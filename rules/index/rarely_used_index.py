"""Large indexes of busy tables that hardly anybody scans."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Table,
    format_count,
    format_size,
    has_other_duty,
    index_definition,
    index_scans,
    index_size,
    leaves_key_unserved,
    readers_by_plan,
    removal_step,
    rule,
    trial_step,
    written_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is rare, and what is dear."""

    max_scans_per_day_count: float = 10.0
    """An index that is scanned more often is in use."""

    min_entries_per_day_count: float = 10_000.0
    """Entries that writes make in it a day: heap-only updates make none."""

    min_size_bytes: int = 100 * MiB
    """Of a smaller one the few scans are worth the room."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("drop-window", "topology"))
def rarely_used_index(case: Case, limits: Limits) -> Outcome:
    """A large index is written to all day and scanned a few times.

    ## Why it matters
    Every row that is written makes an entry, which costs time, WAL and a page of the cache, and
    vacuum has to take it out again.  For a report that runs once a night, a sequential scan may
    be the better bargain.

    ## What it leaves alone
    Indexes that nobody scans, which another rule drops; those that enforce something, are a
    replica identity, or alone serve a foreign key; small ones; those that few entries are made
    in; and those that another rule drops, or keeps in the place of a redundant one.

    ## Before you act
    Few scans are not unimportant ones: the search for a fraud, or a page that an operator opens
    in an emergency, may need it.  Find out who scans it, and what it takes without.

    ## Example
        SELECT idx_scan, last_idx_scan FROM pg_stat_user_indexes
        WHERE indexrelname = 'events_payload_idx';
    """
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    dropped = {found.index.oid for found in case.redundancies}
    days = case.counter_window.days or 0.0
    for table, index in case.user_indexes:
        if index.oid in dropped or index.oid in case.keepers or has_other_duty(index):
            continue
        entries = case.new_entries_per_day(table) or 0.0
        scans = case.scans_of(index)
        if (
            0 < scans <= limits.max_scans_per_day_count * days
            and entries >= limits.min_entries_per_day_count
            and case.size_of_index(index) >= limits.min_size_bytes
            and not leaves_key_unserved(case, table, index)
        ):
            yield _finding(case, table, index, scans / days)


def _finding(case: Case, table: Table, index: Index, scans_per_day: float) -> Finding:
    name, size_bytes = f"{index.schema}.{index.name}", case.size_of_index(index)
    often = "less than once" if scans_per_day < 1 else f"{format_count(scans_per_day)} times"
    written = format_count(case.new_entries_per_day(table) or 0.0)
    return Finding(
        subject=name,
        summary=f"{name} takes {format_size(size_bytes)}, is scanned {often} a day, and gets "
        f"{written} entries for it",
        evidence=(
            index_scans(case, index),
            index_size(case, index),
            written_rows(case, table),
            index_definition(index),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "it enforces no constraint and is no replica identity",
            "no foreign key is left without an index",
            case.gates.gate("drop-window").detail,
            case.gates.gate("topology").detail,
        ),
        remedies=(
            ManualSteps(
                title=f"See whether {table.qualified_name} can do without {index.name}",
                steps=(
                    trial_step(case, index),
                    f"Where they can do without: {removal_step(index)}",
                ),
            ),
        ),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
        statement_ids=readers_by_plan(case, index),
    )
