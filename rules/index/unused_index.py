"""Indexes that no query has used since the counters were reset."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Case,
    Confidence,
    DropIndex,
    Evidence,
    Finding,
    Impact,
    Index,
    MiB,
    Outcome,
    Provenance,
    Severity,
    Table,
    foreign_keys_of,
    format_ms,
    format_size,
    may_be_expression,
    rule,
    serves_key,
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
    are hardly written; and expression indexes whose statistics the planner may be using.

    ## Before you act
    Scans on standbys, and jobs that run less often than the window is long, are not counted.
    Keep the statement that creates the index again.

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
        if _is_only_support(case, table, index, dropped):
            continue
        if statement_id := _statement_with_expression(case, table, index):
            yield case.skip_table(
                table,
                f"{index.name} is not scanned, but the statistics of its expression may serve "
                f"statement {statement_id}; create extended statistics first",
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
    return (
        any(_is_read(case, part) for part in case.parts_of(index))
        or index.enforces_constraint
        or index.is_replica_identity
        or index.is_clustered
        or not index.is_valid
    )


def _is_read(case: Case, index: Index) -> bool:
    activity = case.catalog.activity_of_index(index)
    return activity.scans > 0 or activity.last_scan is not None


def _is_only_support(case: Case, table: Table, index: Index, dropped: set[int]) -> bool:
    """Some foreign key would be left without an index."""
    others = [i for i in case.indexes_of(table) if i.oid != index.oid and i.oid not in dropped]
    return any(
        serves_key(index, key.columns) and not any(serves_key(i, key.columns) for i in others)
        for key in foreign_keys_of(case, table)
    )


def _statement_with_expression(case: Case, table: Table, index: Index) -> str | None:
    expressions = [key.expression for key in index.keys if key.expression is not None]
    for use in case.uses_of(table) if expressions else ():
        for wrapped in use.relation.wrapped:
            if any(may_be_expression(wrapped.expression, e) for e in expressions):
                return use.statement.id
    return None


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
        remedies=(
            DropIndex(
                schema=index.schema,
                name=index.name,
                recreate_sql=index.definition,
                table=table.qualified_name,
                is_partitioned=index.is_partitioned,
                size_bytes=size_bytes,
            ),
        ),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )


def _evidence(case: Case, table: Table, index: Index) -> Iterator[Evidence]:
    yield Evidence(
        name="scans",
        value=case.scans_of(index),
        unit="scans",
        source="pg_stat_user_indexes.idx_scan",
    )
    yield Evidence(
        name="size",
        value=case.size_of_index(index),
        unit="bytes",
        source="pg_relation_size",
    )
    writes = case.writes_per_day(table) or 0.0
    yield Evidence(
        name="rows written to the table a day",
        value=round(writes),
        unit="rows",
        source="pg_stat_user_tables.n_tup_ins, n_tup_upd, n_tup_del",
    )
    yield Evidence(
        name="definition",
        value=index.definition,
        source="pg_get_indexdef",
    )
