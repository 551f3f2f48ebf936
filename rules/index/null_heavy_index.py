"""Indexes most of whose entries are NULLs that nobody looks for."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    IndexDefinition,
    ManualSteps,
    MiB,
    Outcome,
    PredicateKind,
    Provenance,
    RelationUsage,
    Severity,
    SkipRule,
    Table,
    create_index_sql,
    format_count,
    format_ratio,
    format_size,
    has_other_duty,
    index_definition,
    index_name,
    index_scans,
    index_size,
    quote_identifier,
    removal_step,
    rule,
    table_rows,
)

_ENTRY_BYTES = 6
"""Of a NULL in a posting list: equal keys share one since PostgreSQL 13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When leaving NULLs out is worth a new index."""

    min_null_ratio: float = 0.5
    """Share of the rows whose column is NULL."""

    min_null_bytes: int = 64 * MiB
    """What the NULLs take at least, at 6 bytes each: as equal keys they share posting lists, so
    that an index of NULLs is much smaller than it used to be, and 100,000 rows are nothing."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "eviction"))
def null_heavy_index(case: Case, limits: Limits) -> Outcome:
    """Most entries of an index are NULLs that no statement looks for.

    ## Why it matters
    A comparison never finds a NULL, so its entries serve nobody but IS NULL and an ORDER BY.
    They take room, each new row with a NULL makes one, and all of them have the same key, so
    that writers meet on the same pages.  The index with `WHERE ... IS NOT NULL` answers every
    comparison just as well: the planner knows that what is equal to something is not NULL.

    ## What it leaves alone
    Indexes with a predicate, with several keys, of other methods than btree, or that enforce
    something; columns that a known statement sorts or groups by or asks IS NULL of; tables with
    statements that nobody knows, or without statistics; and NULLs that take little room.

    ## Before you act
    An ORDER BY that is not among the known statements loses its index.  A foreign key is served
    as before.

    ## Example
        CREATE INDEX CONCURRENTLY ON orders (refund_id) WHERE refund_id IS NOT NULL;
        DROP INDEX CONCURRENTLY orders_refund_id_idx;
    """
    if case.user_indexes and not case.snapshot.column_statistics:
        raise SkipRule("statistics of columns are not in the snapshot")
    dropped = {found.index.oid for found in case.redundancies}
    for table, index in case.user_indexes:
        if index.oid in dropped or index.oid in case.keepers or has_other_duty(index):
            continue
        column = _only_column(index)
        known = case.statistics_of(table, column) if column else None
        if column is None or known is None or known.null_ratio < limits.min_null_ratio:
            continue
        nulls = known.null_ratio * case.rows_of(table)
        null_bytes = min(int(nulls * _ENTRY_BYTES), case.size_of_index(index))
        if null_bytes < limits.min_null_bytes or _is_unused(case, index):
            continue
        if not any(_needs_nulls(use.relation, column) for use in case.uses_of(table)):
            yield _finding(case, table, index, column, null_bytes)


def _only_column(index: Index) -> str | None:
    is_plain = (
        index.access_method == "btree"
        and len(index.keys) == 1
        and not index.include
        and index.predicate is None
    )
    return index.keys[0].column if is_plain else None


def _is_unused(case: Case, index: Index) -> bool:
    """Dropping it is what comes first."""
    return case.is_open("drop-window") and case.scans_of(index) == 0


def _needs_nulls(relation: RelationUsage, column: str) -> bool:
    return (
        any(p.column == column and p.kind is PredicateKind.IS_NULL for p in relation.predicates)
        or any(key.column == column for key in relation.sort_keys)
        or any(key.column == column for key in relation.expression_order)
        or column in relation.group_columns
        or any(key.column == column for key in relation.group_expressions)
    )


def _finding(case: Case, table: Table, index: Index, column: str, null_bytes: int) -> Finding:
    name, known = f"{index.schema}.{index.name}", case.statistics_of(table, column)
    ratio = known.null_ratio if known else 0.0
    entries = case.new_entries_per_day(table)
    return Finding(
        subject=name,
        summary=f"{format_ratio(ratio)} of the entries of {name} are NULLs, which no statement "
        f"looks for: {format_size(null_bytes)} at least",
        evidence=tuple(_evidence(case, table, index, ratio)),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            f"no known statement asks for NULLs of {column}, or sorts or groups by it",
            "it enforces no constraint and is no replica identity",
            case.gates.gate("eviction").detail,
        ),
        remedies=(_remedy(case, table, index, column),),
        impact=Impact(
            freed_bytes=null_bytes,
            written_entries_per_day=None if entries is None else -entries * ratio,
        ),
    )


def _evidence(case: Case, table: Table, index: Index, ratio: float) -> Iterator[Evidence]:
    yield Evidence(name="NULLs", value=round(ratio, 4), unit="ratio", source="pg_stats.null_frac")
    yield table_rows(case, table)
    yield index_size(case, index)
    yield index_scans(case, index)
    yield index_definition(index)


def _remedy(case: Case, table: Table, index: Index, column: str) -> ManualSteps:
    definition = IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=index.keys,
        predicate=f"{quote_identifier(column)} IS NOT NULL",
    )
    parts = format_count(len(case.parts_of(index)) - 1)
    how = (
        (f"Build it on each of the {parts} partitions, and attach it to one ON ONLY the parent.",)
        if index.is_partitioned
        else ()
    )
    create = create_index_sql(
        definition,
        index_name(definition),
        concurrently=not index.is_partitioned,
        only=index.is_partitioned,
    )
    return ManualSteps(
        title=f"Leave the NULLs of {column} out",
        steps=(
            f"`{create}`.",
            *how,
            f"With the new one valid: {removal_step(index)}",
        ),
    )
