"""GIN indexes on documents that are only asked what they contain."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    IndexDefinition,
    IndexKey,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Severity,
    StatementOnTable,
    Table,
    create_index_sql,
    format_ratio,
    format_size,
    index_definition,
    index_name,
    index_scans,
    index_size,
    removal_step,
    rule,
    share_of_time,
)

_CONTAINS = "@>"
_OF_DOCUMENTS = frozenset({"@>", "?", "?|", "?&", "@?", "@@"})
"""What an index of the default operator class serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the smaller operator class is worth a new index."""

    min_size_bytes: int = 32 * MiB
    """Of the index."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Share of the workload's time of the statements that ask what documents contain."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "eviction"))
def broad_jsonb_index(case: Case, limits: Limits) -> Outcome:
    """A GIN index on jsonb serves more operators than anybody uses, and is slower for it.

    ## Why it matters
    By default such an index holds each key and each value by itself, so that
    `@> '{"user": 77}'` reads the rows of the key `user`, which is all of them, and those of the
    value 77, wherever that stands.  With jsonb_path_ops it holds a hash of the whole path.  On
    300,000 documents of six keys the index was a fifth smaller, and three statements touched a
    quarter to two thirds of the blocks, in a fifth of the time or less.

    ## What it leaves alone
    Columns that a known statement asks for a key (`?`, `?|`, `?&`) or by a JSON path (`@?`, `@@`),
    of which jsonb_path_ops serves only some; tables with statements that nobody knows; indexes
    with several keys or a predicate; small ones, and statements of no weight.

    ## Before you act
    jsonb_path_ops has no entry for a structure without values: `@> '{"a": {}}'` reads the whole
    index then.

    ## Example
        CREATE INDEX CONCURRENTLY ON events USING gin (payload jsonb_path_ops);
        DROP INDEX CONCURRENTLY events_payload_idx;
    """
    for table, index in case.user_indexes:
        column = _document(table, index)
        if column is None or case.size_of_index(index) < limits.min_size_bytes:
            continue
        uses = tuple(use for use in case.uses_of(table) if _operators(use, column) & _OF_DOCUMENTS)
        if not uses or any(_operators(use, column) - {_CONTAINS} for use in uses):
            continue
        if _share(case, uses) >= limits.min_share_ratio and not _is_there(case, table, column):
            yield _finding(case, table, index, column, uses)


def _document(table: Table, index: Index) -> str | None:
    """The only key, where it is a jsonb column of the default operator class."""
    if index.access_method != "gin" or len(index.keys) != 1 or not index.is_valid:
        return None
    key = index.keys[0]
    column = table.column(key.column) if key.column else None
    is_broad = key.is_default_operator_class and index.predicate is None
    is_document = column is not None and (column.base_type_name or column.type_name) == "jsonb"
    return key.column if is_broad and is_document else None


def _operators(use: StatementOnTable, column: str) -> set[str]:
    found = {p.operator for p in use.relation.predicates if p.column == column}
    return (found | {j.operator for j in use.relation.joins if j.column == column}) & _OF_DOCUMENTS


def _share(case: Case, uses: tuple[StatementOnTable, ...]) -> float:
    statements = {use.statement.id: use.statement for use in uses}
    return sum(case.share_of(statement) for statement in statements.values())


def _is_there(case: Case, table: Table, column: str) -> bool:
    """The smaller one exists already, beside it."""
    return any(
        index.is_valid
        and index.access_method == "gin"
        and index.key_columns == (column,)
        and index.keys[0].operator_class == "jsonb_path_ops"
        for index in case.indexes_of(table)
    )


def _finding(
    case: Case, table: Table, index: Index, column: str, uses: tuple[StatementOnTable, ...]
) -> Finding:
    name, size = f"{index.schema}.{index.name}", format_size(case.size_of_index(index))
    return Finding(
        subject=name,
        summary=f"Documents of {table.qualified_name}.{column} are only asked what they contain "
        f"({format_ratio(_share(case, uses))} of all time), and {name} ({size}) has the operator "
        "class for all questions",
        evidence=tuple(_evidence(case, index, uses)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "no known statement asks for a key, or by a path",
            "no index with the smaller operator class is there",
            case.gates.gate("eviction").detail,
        ),
        remedies=(_remedy(table, index, column),),
        impact=Impact(risk="each search reads the rows of keys that all documents have"),
        statement_ids=tuple(dict.fromkeys(use.statement.id for use in uses)),
    )


def _evidence(case: Case, index: Index, uses: tuple[StatementOnTable, ...]) -> Iterator[Evidence]:
    yield index_size(case, index)
    yield index_scans(case, index)
    yield share_of_time(_share(case, uses))
    yield index_definition(index)


def _remedy(table: Table, index: Index, column: str) -> ManualSteps:
    key = IndexKey(column=column, operator_class="jsonb_path_ops", is_default_operator_class=False)
    definition = IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=(key,),
        access_method="gin",
    )
    create = create_index_sql(
        definition,
        index_name(definition),
        concurrently=not index.is_partitioned,
        only=index.is_partitioned,
    )
    parts = ("Build it on each partition, and attach it.",) if index.is_partitioned else ()
    return ManualSteps(
        title=f"Index {table.qualified_name}.{column} by its paths",
        steps=(
            f"`{create}`.",
            *parts,
            f"With the new one valid, and in the plans of the statements: {removal_step(index)}",
        ),
    )
