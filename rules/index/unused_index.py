"""Indexes that no query has used since the counters were reset."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    LostStatistics,
    MiB,
    Outcome,
    Provenance,
    Severity,
    Table,
    format_ms,
    format_size,
    has_other_duty,
    index_definition,
    index_scans,
    index_size,
    leaves_key_unserved,
    lost_statistics,
    removal_of,
    rule,
    written_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When an unused index is worth a migration."""

    min_size_bytes: int = 8 * MiB
    """Dropping a smaller index saves too little."""

    min_writes_per_day_count: float = 1_000.0
    """Rows written to the table a day; with fewer, the index costs next to nothing."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("drop-window",))
def unused_index(case: Case, limits: Limits) -> Outcome:
    """An index is written to but never read.

    ## Why it matters
    Each INSERT, and each UPDATE that is not heap-only, writes to every index of the table.  An
    index that nobody scans costs that time, its disk space and its share of the cache.

    ## What it leaves alone
    Indexes that enforce a constraint or are a replica identity; the only one that serves a
    foreign key; one that stands in for a redundant index; small ones; those of tables that
    are hardly written; expression indexes whose statistics the planner may be using, unless
    another index or extended statistics have them too; and, with `--since`, one that was made
    after the earlier snapshot.

    ## Before you act
    Scans on standbys count only where `--replica` names them; while one streams that was not
    looked at, the index is left to your review.  Jobs that run less often than the window is
    long are not seen.  Keep the statement that creates the index again.

    ## Example
        SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_note_idx';
        DROP INDEX CONCURRENTLY orders_note_idx;
    """
    dropped = {found.index.oid for found in case.redundancies}
    for table, index in case.user_indexes:
        if index.oid in dropped or index.oid in case.keepers:
            continue
        if not _is_costly(case, table, index, limits) or _is_needed(case, index):
            continue
        if leaves_key_unserved(case, table, index, dropped):
            continue
        if not case.is_watched(index):
            yield case.skip_table(
                table,
                f"{index.name} was made, or its counters were reset, after the earlier snapshot",
            )
            continue
        if lost := lost_statistics(case, table, index, dropped):
            yield case.skip_table(
                table,
                f"{index.name} is not scanned, but the statistics of its expression may serve "
                f"statement {lost.statement.id}; {_advice(lost)}",
            )
            continue
        dropped.add(index.oid)
        yield _finding(case, table, index)


def _is_costly(case: Case, table: Table, index: Index, limits: Limits) -> bool:
    writes = case.writes_per_day(table)
    return (
        case.size_of_index(index) >= limits.min_size_bytes
        and writes is not None
        and writes >= limits.min_writes_per_day_count
    )


def _is_needed(case: Case, index: Index) -> bool:
    return any(_is_read(case, part) for part in case.parts_of(index)) or has_other_duty(index)


def _is_read(case: Case, index: Index) -> bool:
    activity = case.catalog.activity_of_index(index)
    return activity.scans > 0 or activity.last_scan is not None


def _advice(lost: LostStatistics) -> str:
    if lost.create_sql is None:
        return "PostgreSQL 13 keeps them in no other way"
    return f"`{lost.create_sql}` and ANALYZE first"


def _finding(case: Case, table: Table, index: Index) -> Finding:
    window = format_ms((case.counter_window.days or 0.0) * MS_PER_DAY)
    size_bytes = case.size_of_index(index)
    is_alone = case.is_open("topology")
    topology = case.gates.gate("topology").detail
    return Finding(
        subject=f"{index.schema}.{index.name}",
        summary=f"{index.schema}.{index.name} was not scanned once in {window} "
        f"and takes {format_size(size_bytes)}",
        detail="" if is_alone else f"To be reviewed by hand: {topology}.",
        evidence=tuple(_evidence(case, table, index)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH if is_alone else Confidence.LOW,
        guards=(
            "it enforces no constraint and is no replica identity",
            "no foreign key is left without an index",
            "it stands in for no redundant index",
            case.gates.gate("drop-window").detail,
            *((topology,) if is_alone else ()),
        ),
        remedies=(removal_of(case, index),),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )


def _evidence(case: Case, table: Table, index: Index) -> Iterator[Evidence]:
    yield index_scans(case, index)
    yield index_size(case, index)
    yield written_rows(case, table)
    yield index_definition(index)
