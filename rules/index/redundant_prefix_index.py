"""Indexes whose keys another index begins with."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    MiB,
    Outcome,
    Provenance,
    Redundancy,
    Severity,
    format_size,
    index_definition,
    index_scans,
    index_size,
    removal_of,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the wider index is too dear a stand-in."""

    max_size_ratio: float = 4.0
    """A wider index that is larger than this many times the narrow one ..."""

    max_extra_bytes: int = 256 * MiB
    """... and larger by this, is no stand-in for a narrow one that is being read."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def redundant_prefix_index(case: Case, limits: Limits) -> Outcome:
    """An index answers nothing that a wider one does not answer as well.

    ## Why it matters
    An index on (a, b) finds rows by a as an index on (a) does.  Both are written with each row.

    ## What it leaves alone
    Keys that are no leading part of the other's; other operator classes, collations, predicates
    or mixed directions; other methods than btree; included columns that the other lacks; unique
    indexes, unless the other is unique over the same keys; constraints and replica identities;
    tables that are too small for advice on indexes, where one more costs nothing worth a change;
    and a narrow index that is read, where the wider one is much larger, or is never read.  It
    never takes both of a pair.

    ## Before you act
    Scans that return many rows of one key read a little more from a wider index.

    ## Example
        CREATE INDEX ON orders (customer_id);
        CREATE INDEX ON orders (customer_id, created_at);
        DROP INDEX CONCURRENTLY orders_customer_id_idx;
    """
    for found in case.redundancies:
        table = case.catalog.tables[found.index.table_oid]
        if found.is_exact or not case.is_large_enough(table):
            continue
        if not _is_too_wide(case, found, limits):
            yield _finding(case, found)


def _is_too_wide(case: Case, found: Redundancy, limits: Limits) -> bool:
    wide, narrow = case.size_of_index(found.keeper), case.size_of_index(found.index)
    return (
        case.scans_of(found.index) > 0
        and wide > limits.max_size_ratio * narrow
        and wide - narrow > limits.max_extra_bytes
    )


def _finding(case: Case, found: Redundancy) -> Finding:
    index, keeper = found.index, found.keeper
    table = case.catalog.tables[index.table_oid]
    size_bytes = case.size_of_index(index)
    return Finding(
        subject=f"{index.schema}.{index.name}",
        summary=f"{index.schema}.{index.name} ({_keys(index)}) is covered by {keeper.name} "
        f"({_keys(keeper)}) and takes {format_size(size_bytes)}",
        detail=_detail(found),
        evidence=_evidence(case, found),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "same method, operator classes, collations and predicate; directions fit",
            "included columns and uniqueness are covered",
            "it enforces no constraint and is no replica identity",
            f"{keeper.name} is valid and stays",
        ),
        remedies=(removal_of(case, index),),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )


def _detail(found: Redundancy) -> str:
    if found.is_reversed:
        return f"{found.keeper.name} has the directions reversed and is read backwards."
    return ""


def _evidence(case: Case, found: Redundancy) -> tuple[Evidence, ...]:
    index, keeper = found.index, found.keeper
    return (
        index_definition(index),
        index_definition(keeper, "definition of the wider"),
        index_size(case, index),
        index_size(case, keeper, "size of the wider"),
        index_scans(case, index),
    )


def _keys(index: Index) -> str:
    return ", ".join(key.column or "expression" for key in index.keys)
