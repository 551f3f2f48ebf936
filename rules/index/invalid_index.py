"""Indexes that are not valid: written to, but not read."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    DropIndex,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    RebuildIndex,
    Severity,
    Table,
    format_size,
    is_same_index,
    qualified,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cure:
    """What to do about one invalid index, and why that."""

    remedy: DropIndex | RebuildIndex | ManualSteps
    reason: str


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits)
def invalid_index(case: Case, _limits: NoLimits) -> Outcome:
    """An index is not valid.

    ## Why it matters
    CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that failed or was cancelled leaves an
    index that no query may use.  Once it is ready, each write maintains it all the same, and a
    unique one may refuse rows.  ``IF NOT EXISTS`` takes it for a good one.

    ## What it leaves alone
    Indexes that are being built right now, as far as the server lets us see that.

    ## Before you act
    Look at ``pg_stat_progress_create_index``: an index that is being built is not valid yet
    either.  A unique index fails again while there are duplicates.

    ## Example
        SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid;
        REINDEX INDEX CONCURRENTLY orders_customer_id_idx;
    """
    for table, index in case.user_indexes:
        if not index.is_valid and not index.is_being_built:
            yield _finding(case, table, index)


def _finding(case: Case, table: Table, index: Index) -> Finding:
    cure = _cure(case, table, index)
    size_bytes = case.size_of_index(index)
    is_drop = isinstance(cure.remedy, DropIndex)
    return Finding(
        subject=f"{index.schema}.{index.name}",
        summary=f"{index.schema}.{index.name} is not valid, so no query can use it",
        detail=cure.reason,
        evidence=(
            Evidence(name="valid", value=False, source="pg_index.indisvalid"),
            Evidence(name="ready", value=index.is_ready, source="pg_index.indisready"),
            Evidence(name="size", value=size_bytes, unit="bytes", source="pg_relation_size"),
        ),
        provenance=Provenance.CATALOG,
        # That it is invalid is a fact; whether it is being built at this moment is not.
        confidence=Confidence.MEDIUM,
        guards=("no build of it was seen in pg_stat_progress_create_index",),
        remedies=(cure.remedy,),
        impact=Impact(
            freed_bytes=size_bytes if is_drop else None,
            risk=f"each write maintains an index of {format_size(size_bytes)} that no query can use"
            if index.is_ready
            else "the queries that it was made for run without it",
        ),
    )


def _cure(case: Case, table: Table, index: Index) -> _Cure:
    """Drop what is a leftover, attach what is not attached, build the rest anew."""
    twin = _valid_twin(case, table, index)
    if index.is_partitioned:
        return _Cure(remedy=_attach(case, table, index), reason="Not all partitions are attached.")
    if twin is not None and not index.constraint_name:
        return _Cure(remedy=_drop(table, index), reason=f"{twin.name} is the same, and valid.")
    if _is_leftover(index):
        return _Cure(
            remedy=_drop(table, index),
            reason="By its name it is what REINDEX CONCURRENTLY left behind.",
        )
    if index.is_unique:
        return _Cure(
            remedy=_rebuild_unique(table, index),
            reason="While there are duplicate rows, its build fails again.",
        )
    return _Cure(
        remedy=RebuildIndex(
            schema=index.schema, name=index.name, size_bytes=case.size_of_index(index)
        ),
        reason="No valid index is the same.",
    )


def _rebuild_unique(table: Table, index: Index) -> ManualSteps:
    """Whether duplicates are allowed is not for us to say, so nothing is done by itself."""
    keys = ", ".join(key.column or key.expression or "" for key in index.keys)
    target = qualified(index.schema, index.name)
    return ManualSteps(
        title=f"Decide on the unique index {index.schema}.{index.name}",
        steps=(
            f"Look for rows of {table.qualified_name} that have the same ({keys}).",
            f"If there should be none: mend them, then `REINDEX INDEX CONCURRENTLY {target}`.",
            f"If they are allowed: `DROP INDEX CONCURRENTLY {target}`.",
        ),
    )


def _valid_twin(case: Case, table: Table, index: Index) -> Index | None:
    for other in case.indexes_of(table):
        if other.oid != index.oid and other.is_valid and is_same_index(other, index):
            return other
    return None


def _is_leftover(index: Index) -> bool:
    """REINDEX CONCURRENTLY calls the new one ``_ccnew`` and the old one ``_ccold``."""
    stem = index.name.rstrip("0123456789")
    return stem.endswith(("_ccnew", "_ccold")) and index.constraint_name is None


def _drop(table: Table, index: Index) -> DropIndex:
    return DropIndex(
        schema=index.schema,
        name=index.name,
        recreate_sql=index.definition,
        table=table.qualified_name,
        size_bytes=index.size_bytes,
    )


def _attach(case: Case, table: Table, index: Index) -> ManualSteps:
    attached = {part.table_oid for part in case.parts_of(index)}
    missing = [p for p in case.catalog.partitions[table.oid] if p.oid not in attached]
    target = qualified(index.schema, index.name)
    steps = [
        f"Create the same index on {part.qualified_name} with CREATE INDEX CONCURRENTLY, "
        f"then `ALTER INDEX {target} ATTACH PARTITION` that index."
        for part in missing
    ]
    return ManualSteps(
        title=f"Attach the missing partitions to {index.schema}.{index.name}",
        steps=tuple(steps) or (f"Rebuild the parts of {target} that are not valid themselves.",),
    )
