"""Indexes that exist twice."""

from collections import Counter

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    NoLimits,
    Outcome,
    Provenance,
    Redundancy,
    Severity,
    format_size,
    index_definition,
    index_scans,
    removal_of,
    rule,
)


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits)
def duplicate_index(case: Case, _limits: NoLimits) -> Outcome:
    """An index is the same as another one.

    ## Why it matters
    Both are written with each row and both take space and cache; reads need one of them.

    ## What it leaves alone
    Indexes that differ in access method, keys, order, operator class, collation, predicate,
    included columns, uniqueness or the treatment of NULLs; invalid ones; and whatever enforces a
    constraint, is the replica identity or the order of CLUSTER.  Of several that are the same,
    the one that must stay is kept, then the one that is read most.

    On a table that is too small for advice on indexes it is no more than a remark.

    ## Before you act
    Look for the name in the application: an index may be named in a hint, or in
    ``ON CONFLICT ON CONSTRAINT``.

    ## Example
        CREATE INDEX orders_customer ON orders (customer_id);
        CREATE INDEX idx_orders_customer_id ON orders (customer_id);
        DROP INDEX CONCURRENTLY idx_orders_customer_id;
    """
    seen: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for found in case.redundancies:
        if found.is_exact:
            group = (found.index.schema, found.group)
            seen[group] += 1
            yield _finding(case, found, seen[group])


def _identity(found: Redundancy, number: int) -> str:
    """Of the group: which of them is to go changes with what is read, and is the same finding."""
    identity = f"{found.index.schema}.{'='.join(found.group)}"
    return identity if number == 1 else f"{identity}#{number}"


def _finding(case: Case, found: Redundancy, number: int) -> Finding:
    index, keeper = found.index, found.keeper
    table = case.catalog.tables[index.table_oid]
    size_bytes = case.size_of_index(index)
    return Finding(
        subject=f"{index.schema}.{index.name}",
        identity=_identity(found, number),
        summary=f"{index.schema}.{index.name} is the same index as {keeper.name} "
        f"and takes {format_size(size_bytes)}",
        detail=f"{keeper.name} stays: it has to, or it is read more.",
        evidence=(
            index_definition(index),
            index_definition(keeper, "definition of the other"),
            Evidence(name="size", value=size_bytes, unit="bytes", source="pg_relation_size"),
            index_scans(case, index),
        ),
        severity=Severity.WARNING if case.is_large_enough(table) else Severity.INFO,
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "keys, order, operator classes, collations, predicate and included columns are equal",
            "it enforces no constraint and is no replica identity",
            f"{keeper.name} is valid and stays",
        ),
        remedies=(removal_of(case, index),),
        impact=Impact(
            freed_bytes=size_bytes, written_entries_per_day=case.saved_entries_per_day(table)
        ),
    )
