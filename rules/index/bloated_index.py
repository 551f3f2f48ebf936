"""Btrees that are much larger than they would be if they were built now."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Choice,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    RebuildIndex,
    RebuiltSize,
    Severity,
    SkipRule,
    Table,
    costed_rule,
    format_count,
    format_size,
    index_definition,
    qualified,
    written_rows,
)

_CORRUPTING = range(140_000, 140_004)
"""Versions whose REINDEX CONCURRENTLY may leave rows out of the index (mended in 14.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a rebuild is worth its time."""

    min_size_ratio: float = 2.5
    """Size now to predicted size.  Indexes whose rows come in any order are at 1.3 to 1.5, and
    at 2.0 once each row was updated: a rebuild of those lasts for a few weeks only."""

    min_wasted_bytes: int = 100 * MiB
    """What a rebuild would free."""


@costed_rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def bloated_index(case: Case, choice: Choice, limits: Limits) -> Outcome:
    """An index is several times as large as it would be if it were built now.

    ## Why it matters
    Vacuum takes entries out of pages, but gives a page back only when it is empty, and a page
    that was split is never joined again.  After a mass of deletes or updates, or a long time in
    which an old transaction kept vacuum from its work, an index may be mostly holes.  They take
    room in the cache, and scans of ranges read them all.

    ## What it leaves alone
    Indexes that are as full as use makes them: ANALYZE's statistics and the layout of a btree,
    equal keys in posting lists included, tell what a build would take.  On a real server that
    was off by 1 % at most for nine indexes, before and after their tables were updated and
    deleted from.  Other methods than btree; small ones; indexes that another rule would drop; and
    those of whose predicted size something is not known, or whose table was changed much since
    ANALYZE, which it says.

    ## Before you act
    The rebuild needs room for the new index beside the old one, reads the whole table twice and
    writes as much WAL as the index is large.  If what made the holes goes on, they come back: a
    vacuum that is kept away, or one that comes too seldom, is reported by other rules.  To
    measure instead of estimating: `pgstatindex` of the extension pgstattuple, which reads the
    whole index.

    ## Example
        SELECT pg_size_pretty(pg_relation_size('orders_created_at_idx'));  -- 4 GB
        REINDEX INDEX CONCURRENTLY orders_created_at_idx;  -- 900 MB
    """
    if choice.rebuilt_sizes is None:
        raise SkipRule("nobody predicted what indexes take: only the planner twin does")
    going = {found.index.oid for found in case.redundancies}
    going |= {row.index_oid for row in choice.superseded}
    ours = _leaves(case)
    for row in choice.rebuilt_sizes:
        if row.index_oid not in ours:
            continue
        index, whole = ours[row.index_oid]
        if not _is_bloated(index, row, limits) or not _may_be_rebuilt(index):
            continue
        table = case.catalog.tables[index.table_oid]
        if whole.oid in going or _is_unused(case, whole):
            continue
        if doubt := _doubt(case, table, row):
            yield case.skip_table(table, f"whether {index.name} is bloated is not known: {doubt}")
        else:
            yield _finding(case, table, index, row)


def _leaves(case: Case) -> dict[int, tuple[Index, Index]]:
    """Indexes of the user's with storage by OID, each with the partitioned one that it is of."""
    return {
        part.oid: (part, index)
        for _, index in case.user_indexes
        for part in case.parts_of(index)
        if not part.is_partitioned
    }


def _is_bloated(index: Index, row: RebuiltSize, limits: Limits) -> bool:
    return (
        index.size_bytes >= limits.min_size_ratio * row.size_bytes
        and index.size_bytes - row.size_bytes >= limits.min_wasted_bytes
    )


def _may_be_rebuilt(index: Index) -> bool:
    """REINDEX CONCURRENTLY takes no index of an exclusion constraint."""
    return index.is_valid and not index.is_being_built and not index.is_exclusion


def _is_unused(case: Case, index: Index) -> bool:
    """Dropping it is what comes first."""
    is_needed = index.enforces_constraint or index.is_replica_identity
    return case.is_open("drop-window") and not is_needed and case.scans_of(index) == 0


def _doubt(case: Case, table: Table, row: RebuiltSize) -> str:
    counters = case.catalog.activity_of(table)
    if counters.rows_modified_since_analyze > case.limits.max_modified_ratio * max(row.rows, 1.0):
        changed = format_count(counters.rows_modified_since_analyze)
        return f"{changed} rows were changed since {table.qualified_name} was analysed"
    return "; ".join(row.notes)


def _finding(case: Case, table: Table, index: Index, row: RebuiltSize) -> Finding:
    name = f"{index.schema}.{index.name}"
    return Finding(
        subject=name,
        summary=f"{name} takes {format_size(index.size_bytes)}, and built now it would take "
        f"{format_size(row.size_bytes)}",
        evidence=tuple(_evidence(case, table, index, row)),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            "equal keys, NULLs, fillfactor and included columns are taken into account",
            "the statistics that it rests on are fresh",
            "no other rule drops it",
        ),
        remedies=(_remedy(case, index),),
        impact=Impact(freed_bytes=index.size_bytes - row.size_bytes),
    )


def _evidence(case: Case, table: Table, index: Index, row: RebuiltSize) -> Iterator[Evidence]:
    yield Evidence(name="size", value=index.size_bytes, unit="bytes", source="pg_relation_size")
    yield Evidence(
        name="predicted size after a rebuild",
        value=row.size_bytes,
        unit="bytes",
        source="size model over pg_stats",
    )
    yield Evidence(
        name="entries",
        value=round(row.rows),
        unit="rows",
        source="pg_class.reltuples of the index, scaled by the table's length now",
    )
    yield written_rows(case, table)
    yield index_definition(index)


def _remedy(case: Case, index: Index) -> Action:
    if case.snapshot.server.version_num in _CORRUPTING:
        target = qualified(index.schema, index.name)
        return ManualSteps(
            title=f"Rebuild {index.schema}.{index.name} after an upgrade",
            steps=(
                (
                    f"Upgrade to PostgreSQL 14.4 or later first: in {case.snapshot.server.version} "
                    "REINDEX CONCURRENTLY may leave rows out of the index."
                ),
                f"Then `REINDEX INDEX CONCURRENTLY {target}`.",
            ),
        )
    return RebuildIndex(schema=index.schema, name=index.name, size_bytes=index.size_bytes)
