"""Tables that are written much more than read, under a load of indexes."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Table,
    format_count,
    format_size,
    has_other_duty,
    rule,
    written_rows,
)

_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is too much."""

    min_indexes_count: int = 11
    """Indexes of the table, those of constraints among them."""

    min_heavy_indexes_count: int = 6
    """The same where together they are much larger than the table.  By size alone each narrow
    table would be here: four indexes of a bigint each are as large as twice its rows."""

    min_index_ratio: float = 2.0
    """Size of all indexes to the size of the table."""

    min_droppable_count: int = 3
    """Indexes among them that enforce nothing."""

    min_written_per_scan_count: float = 10.0
    """Rows written for each scan of the table, by whatever way."""

    min_writes_per_day_count: float = 10_000.0
    """Rows written a day."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "topology"))
def over_indexed_table(case: Case, limits: Limits) -> Outcome:
    """A table that is mostly written has more indexes than its reads are worth.

    ## Why it matters
    A row that is inserted makes an entry in each index, which is most of what the INSERT costs:
    with eleven indexes it writes twelve places.  Each may be of use to somebody; together they
    make every write slower, and only looking at all of them shows which to give up.

    ## What it leaves alone
    Tables that are read at least once for ten rows written; small or quiet ones; tables whose
    indexes enforce something, for the most part; and any table where standbys may scan what
    nobody scans here.

    ## Before you act
    See first what is reported of single indexes: unused, redundant and rarely used ones go, and
    this goes with them.  Then look for pairs that begin alike and could be one.

    ## Example
        SELECT indexrelname, idx_scan, pg_size_pretty(pg_relation_size(indexrelid))
        FROM pg_stat_user_indexes WHERE relname = 'events' ORDER BY idx_scan;
    """
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        indexes = [i for i in case.indexes_of(table) if i.is_valid and not i.is_extension_member]
        droppable = [index for index in indexes if not has_other_duty(index)]
        size_bytes = sum(case.size_of_index(index) for index in indexes)
        is_heavy = size_bytes >= limits.min_index_ratio * case.size_of(table)
        needed = limits.min_heavy_indexes_count if is_heavy else limits.min_indexes_count
        if (
            len(indexes) >= needed
            and len(droppable) >= limits.min_droppable_count
            and case.is_large_enough(table)
            and _is_mostly_written(case, table, limits)
        ):
            yield _finding(case, table, indexes, droppable)


def _scans(case: Case, table: Table) -> int:
    return sum(a.sequential_scans + a.index_scans for a in case.activities_of(table))


def _is_mostly_written(case: Case, table: Table, limits: Limits) -> bool:
    written = sum(activity.rows_written for activity in case.activities_of(table))
    return (
        written >= limits.min_written_per_scan_count * _scans(case, table)
        and (case.writes_per_day(table) or 0.0) >= limits.min_writes_per_day_count
    )


def _finding(case: Case, table: Table, indexes: list[Index], droppable: list[Index]) -> Finding:
    size_bytes = sum(case.size_of_index(index) for index in indexes)
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} has {len(indexes)} indexes of {format_size(size_bytes)} "
        f"on {format_size(case.size_of(table))} of rows, which are mostly written",
        evidence=tuple(_evidence(case, table, indexes)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "its rows are written far more often than it is scanned",
            "several of its indexes enforce nothing",
            case.gates.gate("usage-window").detail,
            case.gates.gate("topology").detail,
        ),
        remedies=(_remedy(case, table, droppable),),
        impact=Impact(risk="each row that is written makes an entry in every one of them"),
    )


def _evidence(case: Case, table: Table, indexes: list[Index]) -> Iterator[Evidence]:
    yield Evidence(name="indexes", value=len(indexes), unit="indexes", source="pg_index")
    yield Evidence(
        name="size of all indexes",
        value=sum(case.size_of_index(index) for index in indexes),
        unit="bytes",
        source="pg_relation_size",
    )
    yield Evidence(
        name="size of the table", value=case.size_of(table), unit="bytes", source="pg_relation_size"
    )
    yield written_rows(case, table)
    days = case.counter_window.days or 1.0
    yield Evidence(
        name="scans of the table a day",
        value=round(_scans(case, table) / days),
        unit="scans",
        source="pg_stat_user_tables.seq_scan, idx_scan",
    )


def _remedy(case: Case, table: Table, droppable: list[Index]) -> ManualSteps:
    ordered = sorted(droppable, key=lambda index: (case.scans_of(index), index.name))
    least = ", ".join(
        f"{index.name} ({format_count(case.scans_of(index))} scans, "
        f"{format_size(case.size_of_index(index))})"
        for index in ordered[:_SHOWN_COUNT]
    )
    return ManualSteps(
        title=f"Thin the indexes of {table.qualified_name} out",
        steps=(
            "Do first what is reported of single indexes of this table.",
            f"Of those that enforce nothing, these are scanned least: {least}.",
            (
                "Where two begin with the same columns, see whether the longer one serves both. "
                "Where one is for a report, see what the report takes without it."
            ),
        ),
    )
