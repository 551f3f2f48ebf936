"""Searches for the nearest vectors that compute the distance of every row."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Column,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    PredicateKind,
    Provenance,
    RelationKind,
    Severity,
    StatementOnTable,
    Table,
    blocks_per_call,
    format_count,
    format_ms,
    format_ratio,
    qualified,
    quote_identifier,
    rule,
    share_of_time,
    table_rows,
)

_CLASSES = {
    "<->": "l2_ops",
    "<#>": "ip_ops",
    "<=>": "cosine_ops",
    "<+>": "l1_ops",
}
_MAX_DIMENSIONS = {"vector": 2_000, "halfvec": 4_000}
"""Of columns that HNSW and IVFFlat index as they are."""
_ANN_METHODS = frozenset({"hnsw", "ivfflat", "diskann", "vchordrq", "vchordg", "scann"})
_NARROWING = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When looking at every row is too slow."""

    min_compared_rows: int = 50_000
    """Rows whose distance is computed: those of the table, or of one value of a column that the
    statement compares for equality."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Of the workload's time."""

    min_mean_time_ms: float = 20.0
    """Of a call: below that, exact search is fast enough."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def unindexed_nearest_search(case: Case, limits: Limits) -> Outcome:
    """The nearest vectors are searched for by computing the distance of every row.

    ## Why it matters
    `ORDER BY embedding <-> $1 LIMIT 10` without an index reads all vectors, which are some
    kilobytes each and mostly in the TOAST table, and computes as many distances.  It gets slower
    with every row.  An HNSW index finds nearly the same rows by looking at some hundreds, if the
    statement orders by the distance itself: `ORDER BY 1 - (embedding <=> $1) DESC` asks for the
    same rows, and no index serves it.

    ## What it leaves alone
    Columns that have such an index for the same distance; small tables, and statements that
    compare a column for equality whose values have few rows each; statements without a LIMIT,
    fast ones and those of no weight.

    ## Before you act
    The result is approximate: some of the true nearest rows are missing.  Measure how many, on
    your own questions, before users see it.  With a WHERE beside it the index may return fewer
    rows than the LIMIT asks for (pgvector 0.8 scans on with `hnsw.iterative_scan`).  The build
    is slow unless the graph fits into maintenance_work_mem, and each insert searches the graph.

    ## Example
        SELECT id FROM documents ORDER BY embedding <=> $1 LIMIT 10;
        CREATE INDEX CONCURRENTLY ON documents USING hnsw (embedding vector_cosine_ops);
    """
    for table in case.user_tables:
        found: dict[tuple[str, str], list[StatementOnTable]] = {}
        for use in case.uses_of(table):
            nearest = use.relation.nearest
            if nearest is not None and use.relation.has_limit and nearest.operator in _CLASSES:
                found.setdefault((nearest.column, nearest.operator), []).append(use)
        for (name, operator), uses in found.items():
            column = table.column(name)
            if column is None or _kind(column) not in _MAX_DIMENSIONS:
                continue
            is_indexed = _is_indexed(case, table, column, operator)
            slow = [
                use
                for use in uses
                if _is_slow(case, table, use, limits) and (_is_wrapped(use) or not is_indexed)
            ]
            share = sum(case.share_of(use.statement) for use in slow)
            if slow and share >= limits.min_share_ratio:
                steps = tuple(_steps(table, column, operator, slow, is_indexed=is_indexed))
                yield _finding(case, table, column, operator, slow, steps)


def _kind(column: Column) -> str:
    """The type without schema and dimensions."""
    return (column.base_type_name or column.type_name).partition("(")[0].rpartition(".")[2]


def _is_slow(case: Case, table: Table, use: StatementOnTable, limits: Limits) -> bool:
    return (
        use.statement.mean_time_ms >= limits.min_mean_time_ms
        and _compared_rows(case, table, use) >= limits.min_compared_rows
    )


def _is_wrapped(use: StatementOnTable) -> bool:
    """It computes with the distance, and orders by that."""
    return use.relation.nearest is not None and use.relation.nearest.is_wrapped


def _compared_rows(case: Case, table: Table, use: StatementOnTable) -> float:
    """Rows that are left after the most selective comparison with a value."""
    rows = case.rows_of(table)
    left = rows
    for predicate in use.relation.predicates:
        known = case.statistics_of(table, predicate.column)
        if predicate.kind in _NARROWING and not predicate.is_optional and known is not None:
            left = min(left, rows / known.distinct_count(rows))
    return left


def _is_indexed(case: Case, table: Table, column: Column, operator: str) -> bool:
    """One that is approximate, for that distance; an expression over the column counts, too."""
    return any(
        index.is_valid
        and index.access_method in _ANN_METHODS
        and any(
            (key.column == column.name or column.name in (key.expression or ""))
            and key.operator_class.endswith(_CLASSES[operator])
            for key in index.keys
        )
        for index in case.indexes_of(table)
    )


def _finding(
    case: Case,
    table: Table,
    column: Column,
    operator: str,
    uses: list[StatementOnTable],
    steps: tuple[str, ...],
) -> Finding:
    slowest = max(uses, key=lambda use: use.statement.mean_time_ms).statement
    share = sum(case.share_of(use.statement) for use in uses)
    name = f"{table.qualified_name}.{column.name}"
    return Finding(
        subject=name,
        identity=f"{name}:{operator}",
        summary=f"The nearest of {format_count(case.rows_of(table))} vectors of {name} are found "
        f"by {operator} over every row: {format_ms(slowest.mean_time_ms)} a call, "
        f"{format_ratio(share)} of all time",
        evidence=(
            table_rows(case, table),
            Evidence(name="type", value=column.type_name, source="pg_attribute.atttypid"),
            Evidence(
                name="mean time of the slowest",
                value=round(slowest.mean_time_ms, 1),
                unit="ms",
                source="pg_stat_statements.mean_exec_time",
            ),
            blocks_per_call(slowest),
            share_of_time(share),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            f"no index serves {operator} on {column.name} as it is written",
            "no comparison with a value leaves few rows",
            "the statement asks for the nearest few",
        ),
        remedies=(
            ManualSteps(
                title=f"Search {name} approximately, if that will do",
                steps=steps,
            ),
        ),
        impact=Impact(risk="each search takes longer with every row that is added"),
        statement_ids=tuple(dict.fromkeys(use.statement.id for use in uses)),
    )


def _steps(
    table: Table,
    column: Column,
    operator: str,
    uses: list[StatementOnTable],
    *,
    is_indexed: bool,
) -> Iterator[str]:
    if any(map(_is_wrapped, uses)):
        yield (
            f"Order by `{quote_identifier(column.name)} {operator} ...` itself, ascending, and "
            "compute a similarity in the select list alone: the same rows come first, and those "
            "without a vector last."
        )
    if is_indexed:
        yield "Compare what both find: the index that is there finds nearly the same rows."
    else:
        yield from _index_steps(table, column, operator)


def _index_steps(table: Table, column: Column, operator: str) -> Iterator[str]:
    kind, target = _kind(column), qualified(table.schema, table.name)
    key, operator_class = quote_identifier(column.name), f"{kind}_{_CLASSES[operator]}"
    modifier = column.type_name.partition("(")[2].rstrip(")")
    dimensions = int(modifier) if modifier.isdecimal() else None
    if dimensions is None:
        yield f"An index needs the dimensions: `ALTER TABLE {target} ALTER {key} TYPE {kind}(n)`."
    elif dimensions > _MAX_DIMENSIONS["halfvec"]:
        yield "Store vectors of 4,000 dimensions at most; wider ones cannot be indexed."
        return
    elif dimensions > _MAX_DIMENSIONS[kind]:
        key, operator_class = f"({key}::halfvec({dimensions}))", f"halfvec_{_CLASSES[operator]}"
        yield "Order by the same expression as the index: vectors as wide are indexed as halfvec."
    yield "Keep the rows that exact search finds for some hundred questions."
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    where = f"ON ONLY {target}" if is_partitioned else f"CONCURRENTLY ON {target}"
    yield f"`CREATE INDEX {where} USING hnsw ({key} {operator_class})`."
    if is_partitioned:
        yield "Build it on each partition, and attach it."
    yield (
        "Compare what is found now; raise `hnsw.ef_search` until enough of it is the same. The way "
        "back is to drop the index."
    )
