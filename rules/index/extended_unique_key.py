"""Indexes that begin with a unique key and go on."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Finding,
    Impact,
    Index,
    MiB,
    Outcome,
    Provenance,
    Severity,
    Table,
    format_size,
    goes_on_after,
    has_other_duty,
    index_definition,
    index_only_scans,
    index_scans,
    index_size,
    leaves_key_unserved,
    removal_of,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When such an index is worth a migration."""

    min_size_bytes: int = 8 * MiB
    """Dropping a smaller index saves too little."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def extended_unique_key(case: Case, limits: Limits) -> Outcome:
    """An index begins with all of a unique key, and goes on after it.

    ## Why it matters
    A unique key finds one row.  What an index on (id, status) adds to the primary key on (id) is
    nothing: there is never a second row for status to tell apart, and rows come in the same
    order.  It is written with each row all the same.

    ## What it leaves alone
    Indexes that a known plan reads in the place of the table, for the sake of the columns that
    they add; unique keys that allow several NULLs; other predicates, operator classes,
    collations and mixed directions; indexes that enforce something, are a replica identity, or
    alone serve a foreign key; small ones; those that other rules drop, or keep for another.

    ## Before you act
    A statement that is not known here may read the index alone.  It is dropped only where no
    known statement is planned dearer without it.

    ## Example
        CREATE TABLE orders (id bigint PRIMARY KEY, status text, ...);
        CREATE INDEX orders_id_status_idx ON orders (id, status);
        DROP INDEX CONCURRENTLY orders_id_status_idx;
    """
    dropped = {found.index.oid for found in case.redundancies}
    scans = index_only_scans(case)
    for table, index in case.user_indexes:
        if index.oid in dropped or index.oid in case.keepers or has_other_duty(index):
            continue
        if case.size_of_index(index) < limits.min_size_bytes or _is_unused(case, index):
            continue
        if any(part.name in scans.get(part.table_oid, {}) for part in case.parts_of(index)):
            continue
        unique = _unique(case, table, index)
        if unique is not None and not leaves_key_unserved(case, table, index):
            yield _finding(case, table, index, unique)


def _is_unused(case: Case, index: Index) -> bool:
    """``unused-index`` reports it, or leaves it alone for its reasons."""
    return case.is_open("drop-window") and case.scans_of(index) == 0


def _unique(case: Case, table: Table, index: Index) -> Index | None:
    return next(
        (
            other
            for other in case.indexes_of(table)
            if other.is_valid
            and goes_on_after(index, other)
            and (other.nulls_not_distinct or _is_never_null(table, other))
        ),
        None,
    )


def _is_never_null(table: Table, index: Index) -> bool:
    columns = [table.column(name) if name else None for name in index.key_columns]
    return all(column is not None and column.is_not_null for column in columns)


def _finding(case: Case, table: Table, index: Index, unique: Index) -> Finding:
    size_bytes = case.size_of_index(index)
    added = ", ".join(key.column or "an expression" for key in index.keys[len(unique.keys) :])
    return Finding(
        subject=f"{index.schema}.{index.name}",
        summary=f"{index.schema}.{index.name} goes on with {added} after the unique key of "
        f"{unique.name}, which finds one row already, and takes {format_size(size_bytes)}",
        evidence=(
            index_definition(index),
            index_definition(unique, "definition of the unique one"),
            index_size(case, index),
            index_scans(case, index),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=(
            "the unique key holds no NULL twice",
            "same predicate, operator classes and collations; directions fit",
            "no known plan reads it in the place of the table",
            "no foreign key is left without an index",
        ),
        remedies=(removal_of(case, index),),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )
