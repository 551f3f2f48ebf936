"""Indexes that were sorted by another version of the collation library."""

from collections.abc import Iterator

from pgadvisor.rulekit import (
    Action,
    Case,
    CollationVersion,
    Confidence,
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
    format_count,
    format_size,
    known,
    quote_identifier,
    rule,
)

_TEXTS = frozenset({"text", "character varying", "character", "citext", "name"})
_UNSORTED = frozenset({"hash"})
"""Access methods that do not care for order."""


@rule(severity=Severity.WARNING, since="0.1", limits=NoLimits)
def stale_collation_version(case: Case, _limits: NoLimits) -> Outcome:
    """Indexes on texts were sorted by another version of the collation library.

    ## Why it matters
    The operating system, or ICU, decides how texts are sorted, and its updates change that.  An
    index that was built before is then out of order: searches miss rows that are there, unique
    indexes take the same value twice, and joins by merging lose rows.  Nothing reports an error.

    ## What it leaves alone
    Collations whose version is that of the library; those without one, as ``C``; indexes on
    numbers and dates; hash indexes.

    ## Before you act
    Rebuild the indexes first, and only then tell the server that they are in order: until then
    its warning is the only trace.  A unique index that already holds duplicates cannot be
    rebuilt before these are gone.  Tables that are partitioned by ranges of text may have rows
    in the wrong partition; checks on the order of texts may not hold any more.

    ## Example
        REINDEX INDEX CONCURRENTLY customer_name_idx;
        ALTER DATABASE shop REFRESH COLLATION VERSION;
    """
    for one in known(case.snapshot.server.collation_versions, "versions of collations"):
        if one.recorded != one.actual:
            yield _finding(case, one, tuple(_affected(case, one)))


def _affected(case: Case, collation: CollationVersion) -> Iterator[Index]:
    """Indexes whose order it decides; of a partitioned one, the parts that hold entries."""
    for table, index in case.user_indexes:
        for part in case.parts_of(index):
            owner = case.catalog.tables.get(part.table_oid, table)
            if not part.is_partitioned and _is_sorted_by(owner, part, collation.name):
                yield part


def _is_sorted_by(table: Table, index: Index, name: str | None) -> bool:
    if index.access_method in _UNSORTED:
        return False
    for key in index.keys:
        column = None if key.column is None else table.column(key.column)
        is_text = column is None or column.base_type_name.removesuffix("[]") in _TEXTS
        used = key.collation or (None if column is None else column.collation)
        if is_text and used == name:
            return True
    return False


def _finding(case: Case, collation: CollationVersion, indexes: tuple[Index, ...]) -> Finding:
    database = case.snapshot.server.database
    who = f"database {database}" if collation.name is None else f"collation {collation.name}"
    size_bytes = sum(index.size_bytes for index in indexes)
    count = "1 index" if len(indexes) == 1 else f"{format_count(len(indexes))} indexes"
    summary = (
        f"The library sorts texts of {who} as version {collation.actual}, and "
        f"{count} of {format_size(size_bytes)} may still be in the order of {collation.recorded}"
    )
    return Finding(
        subject=who,
        summary=summary,
        detail="An index that was built or rebuilt since the library changed is in order already; "
        "the server does not keep which ones these are."
        if indexes
        else "No index of a table that was read depends on it, but others may.",
        evidence=tuple(_evidence(collation, indexes, size_bytes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("both versions are known, and differ",),
        remedies=tuple(_remedies(database, collation, indexes)),
        impact=Impact(risk="searches miss rows, and unique indexes take duplicates"),
        severity=Severity.WARNING if indexes else Severity.INFO,
    )


def _evidence(
    collation: CollationVersion, indexes: tuple[Index, ...], size_bytes: int
) -> Iterator[Evidence]:
    is_default = collation.name is None
    yield Evidence(
        name="version then",
        value=collation.recorded,
        source="pg_database.datcollversion" if is_default else "pg_collation.collversion",
    )
    yield Evidence(
        name="version now",
        value=collation.actual,
        source="pg_database_collation_actual_version"
        if is_default
        else "pg_collation_actual_version",
    )
    yield Evidence(
        name="indexes", value=len(indexes), unit="indexes", source="pg_index.indcollation"
    )
    yield Evidence(name="size of these", value=size_bytes, unit="bytes", source="pg_relation_size")


def _remedies(
    database: str, collation: CollationVersion, indexes: tuple[Index, ...]
) -> Iterator[Action]:
    for index in indexes:
        yield RebuildIndex(schema=index.schema, name=index.name, size_bytes=index.size_bytes)
    refresh = (
        f"ALTER DATABASE {quote_identifier(database)} REFRESH COLLATION VERSION"
        if collation.name is None
        else f"ALTER COLLATION {collation.name} REFRESH VERSION"
    )
    yield ManualSteps(
        title="Say that the indexes are in order",
        steps=(
            f"After the last index is rebuilt, and not before, as its owner: `{refresh}`.",
            (
                "The extension amcheck tells which B-trees are out of order: `SELECT "
                "bt_index_check('the_index')`."
            ),
        ),
    )
