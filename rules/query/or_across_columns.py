"""The first rows in some order, of those that match one column or another."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    RelationUsage,
    RewriteStatement,
    Severity,
    SortKey,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    blocks_per_call,
    finds_by_key,
    format_count,
    format_ratio,
    qualified,
    quote_identifier,
    rows_per_call,
    rule,
    share_of_time,
    union_all,
)

_MAX_REWRITES = 3
"""Statements that are written out; the others are written alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements read far more than they return."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""

    min_blocks_per_call_count: float = 1_000.0
    """Blocks touched in a call, on average; the first rows of two indexes are in a few dozen."""

    max_rows_per_call_count: float = 1_000.0
    """That are returned, on average; with more, reading much is no waste."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def or_across_columns(case: Case, limits: Limits) -> Outcome:
    """OR across columns keeps a sorted page from coming out of an index.

    ## Why it matters
    ``sender_id = $1 OR recipient_id = $1`` with ORDER BY and LIMIT wants the twenty newest rows.
    No index has the rows of both arms in that order, so PostgreSQL collects all that match and
    sorts them, or walks through the order until twenty match.  Each arm by itself is served by an
    index that ends in the order: twenty rows of each, merged, are enough.

    ## What it leaves alone
    Small tables; statements without a LIMIT or an order of the table's own; pages by OFFSET; OR
    over values of one column, which is a list; arms that are no equality; statements that find
    their row by a unique key, touch few blocks, return many rows, or take little time.

    ## Before you act
    A row that matches both arms must not come twice: the second arm has to exclude the first.
    Without the two indexes the rewritten statement is no faster.

    ## Example
        SELECT * FROM messages WHERE sender_id = $1 OR recipient_id = $1
         ORDER BY sent_at DESC LIMIT 20;
        (SELECT * FROM messages WHERE sender_id = $1 ORDER BY sent_at DESC LIMIT 20)
         UNION ALL
        (SELECT * FROM messages WHERE recipient_id = $1 AND (sender_id = $1) IS NOT TRUE
          ORDER BY sent_at DESC LIMIT 20)
         ORDER BY sent_at DESC LIMIT 20;
    """
    groups: dict[tuple[Table, str], list[StatementOnTable]] = defaultdict(list)
    for table, use in case.uses():
        if _is_page(case, table, use) and _reads_too_much(case, use.statement, limits):
            groups[table, case.shape_of(use.statement)].append(use)
    for (table, _), uses in groups.items():
        yield _finding(case, table, uses)


def _is_page(case: Case, table: Table, use: StatementOnTable) -> bool:
    relation = use.relation
    return (
        use.usage.kind is StatementKind.SELECT
        and bool(relation.alternatives)
        and relation.has_limit
        and not relation.has_offset
        and bool(relation.sort_keys)
        and relation.is_sort_complete
        and case.is_large_enough(table)
        and not finds_by_key(case, table, relation)
    )


def _reads_too_much(case: Case, statement: Statement, limits: Limits) -> bool:
    return (
        statement.calls > 0
        and case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
        and statement.rows <= limits.max_rows_per_call_count * statement.calls
    )


def _finding(case: Case, table: Table, uses: list[StatementOnTable]) -> Finding:
    statements = tuple({use.statement.id: use.statement for use in uses}.values())
    statement, relation = uses[0].statement, uses[0].relation
    columns = relation.alternatives[0]
    share = case.share_of_all(statements)
    rows = statement.rows / statement.calls
    rewrites = tuple(_rewrites(case, statements))
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statement)}",
        summary=f"A page of {table.qualified_name} by {' or '.join(columns)} touches "
        f"{format_count(statement.blocks_per_call)} blocks to return {format_count(rows)} "
        f"row{'' if round(rows) == 1 else 's'} ({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(statement, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "each arm looks for values of a column",
            "no unique key finds the rows anyway",
            "it touches far more blocks than a page of two indexes",
        ),
        remedies=(_remedy(case, table, relation, is_written=bool(rewrites)), *rewrites),
        impact=Impact(risk="each page reads all rows that match, however few it returns"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _evidence(statement: Statement, share: float) -> Iterator[Evidence]:
    yield blocks_per_call(statement)
    yield rows_per_call(statement)
    yield share_of_time(share)


def _rewrites(case: Case, statements: tuple[Statement, ...]) -> Iterator[RewriteStatement]:
    for statement in statements[:_MAX_REWRITES]:
        after = union_all(statement.text, case.catalog)
        if after is not None:
            yield RewriteStatement(
                before=statement.text, after=after.text, condition=after.condition
            )


def _remedy(case: Case, table: Table, relation: RelationUsage, *, is_written: bool) -> ManualSteps:
    columns = relation.alternatives[0]
    name = qualified(table.schema, table.name)
    # A partitioned table takes no CONCURRENTLY: there it is done partition by partition.
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    create = "CREATE INDEX ON ONLY" if is_partitioned else "CREATE INDEX CONCURRENTLY ON"
    missing = [
        f"{create} {name} ({quote_identifier(column)}, {_order(relation)})"
        for column in columns
        if not _is_served(case, table, column, relation.sort_keys)
    ]
    parts = is_partitioned and missing
    return ManualSteps(
        title=f"Ask {table.qualified_name} for each column by itself",
        steps=(
            *(f"`{statement}`, so that the arm comes in order." for statement in missing),
            *(("Build each index on every partition, and attach it.",) if parts else ()),
            "Write one query for each arm and unite them"
            + (", as in the rewrite." if is_written else f": `{_union(table, relation)}`."),
            "Compare both with EXPLAIN (ANALYZE, BUFFERS) for a value with many rows.",
        ),
    )


def _is_served(case: Case, table: Table, column: str, keys: tuple[SortKey, ...]) -> bool:
    wanted = (column, *(key.column for key in keys))
    return any(
        index.is_valid
        and index.access_method == "btree"
        and index.predicate is None
        and index.key_columns[: len(wanted)] == wanted
        for index in case.indexes_of(table)
    )


def _order(relation: RelationUsage) -> str:
    return ", ".join(
        quote_identifier(key.column)
        + (" DESC" if key.is_descending else "")
        + ("" if key.nulls_first is key.is_descending else _nulls(key))
        for key in relation.sort_keys
    )


def _nulls(key: SortKey) -> str:
    return " NULLS FIRST" if key.nulls_first else " NULLS LAST"


def _union(table: Table, relation: RelationUsage) -> str:
    """The statement's skeleton: what else it asks for stands in place of the dots."""
    page = f"ORDER BY {_order(relation)} LIMIT ..."
    columns = [quote_identifier(column) for column in relation.alternatives[0]]
    source = f"SELECT ... FROM {qualified(table.schema, table.name)}"  # noqa: S608
    arms = []
    for number, column in enumerate(columns):
        earlier = [f" AND ({other} = ...) IS NOT TRUE" for other in columns[:number]]
        arms.append(f"({source} WHERE {column} = ...{''.join(earlier)} {page})")
    return f"{' UNION ALL '.join(arms)} {page}"
