"""Pages that are reached by counting past all the rows before them."""

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
    PredicateKind,
    Provenance,
    RelationUsage,
    RewriteStatement,
    Severity,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    format_count,
    format_ms,
    format_ratio,
    keyset_template,
    rule,
    share_of_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements page deeply."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""

    min_blocks_per_call_count: float = 100.0
    """Blocks touched in a call, on average; a first page from an index touches a few."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def deep_offset(case: Case, limits: Limits) -> Outcome:
    """A statement pages with OFFSET through a large table.

    ## Why it matters
    ``OFFSET 100000`` reads, sorts and throws away a hundred thousand rows to return twenty, and
    the next page does it again.  Rows that are inserted meanwhile shift the pages.

    ## What it leaves alone
    Small tables, statements with little time, and statements that touch few blocks a call, so
    that they cannot skip many rows.  Subqueries with an OFFSET but no LIMIT: they are no pages,
    `OFFSET 0` keeps a subquery apart.  Where no index gives the order, each page sorts all rows,
    the first one too; then it is less sure that pages are deep.

    ## Before you act
    A keyset page remembers the last row of the page before and needs an order that ends in a
    unique column.  It goes forwards and backwards, but cannot jump to page 500.

    ## Example
        SELECT * FROM orders ORDER BY created_at, id OFFSET $1 LIMIT $2;
        SELECT * FROM orders WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3;
    """
    pages: dict[str, RelationUsage] = {}
    groups: dict[tuple[Table, str], list[Statement]] = defaultdict(list)
    for table, use in case.uses():
        statement = use.statement
        if statement.id in pages or not _pages(case, table, use):
            continue
        if _is_deep(case, statement, limits):
            groups[table, case.shape_of(statement)].append(statement)
            pages[statement.id] = use.relation
    for (table, _), statements in groups.items():
        yield _finding(case, table, statements, pages[statements[0].id])


def _pages(case: Case, table: Table, use: StatementOnTable) -> bool:
    return (
        use.usage.kind is StatementKind.SELECT
        and use.relation.has_offset
        # Without a LIMIT it is no page: `OFFSET 0` is how a subquery is kept apart, and the
        # counters have a parameter for its number.
        and use.relation.has_limit
        and bool(use.relation.sort_keys)
        and case.is_large_enough(table)
    )


def _is_deep(case: Case, statement: Statement, limits: Limits) -> bool:
    if statement.calls == 0:
        return False
    return (
        case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
    )


def _finding(case: Case, table: Table, statements: list[Statement], page: RelationUsage) -> Finding:
    statement = statements[0]
    columns = tuple(key.column for key in page.sort_keys)
    is_sorted = not _comes_from_an_index(case, table, page)
    blocks = statement.blocks_per_call
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statement)}",
        summary=f"A statement pages through {table.qualified_name} with OFFSET and touches "
        f"{format_count(blocks)} blocks a call ({format_ratio(case.share_of_all((statement,)))} "
        "of all time)",
        detail=" ".join(_details(case, table, columns, is_sorted=is_sorted)),
        evidence=tuple(_evidence(case, statement, blocks)),
        provenance=Provenance.STATISTICS,
        # The figures do not show the offsets themselves.
        confidence=Confidence.LOW if is_sorted else Confidence.MEDIUM,
        guards=("the table is not small", "it touches more blocks than a first page would"),
        remedies=(_remedy(case, table, statement, columns),),
        impact=Impact(risk="each page costs more than the one before"),
        statement_ids=tuple(s.id for s in statements),
        severity=None if case.share_of_all((statement,)) >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _is_total_order(case: Case, table: Table, columns: tuple[str, ...]) -> bool:
    """The order holds a unique key, so that no two rows are equal in it."""
    return any(
        index.is_unique
        and index.is_valid
        and index.predicate is None
        and all(name in columns for name in index.key_columns)
        for index in case.indexes_of(table)
    )


def _comes_from_an_index(case: Case, table: Table, page: RelationUsage) -> bool:
    """Some index begins with the order, but for columns that are compared with one value."""
    fixed = {p.column for p in page.predicates if p.kind is PredicateKind.EQUALITY}
    order = [key.column for key in page.sort_keys if key.column not in fixed]
    for index in case.indexes_of(table):
        behind = [name for name in index.key_columns if name not in fixed]
        if index.is_valid and index.access_method == "btree" and behind[:1] == order[:1]:
            return True
    return False


def _details(
    case: Case, table: Table, columns: tuple[str, ...], *, is_sorted: bool
) -> Iterator[str]:
    if is_sorted:
        yield (
            "No index gives the order, so the first page reads as much as the last: the blocks do "
            "not tell how deep the pages are, and a page by key needs that index, too."
        )
    if not _is_total_order(case, table, columns):
        yield (
            f"The order by {', '.join(columns)} is not unique, so pages may repeat or miss rows "
            "even now; end it in a unique column."
        )


def _evidence(case: Case, statement: Statement, blocks: float) -> Iterator[Evidence]:
    yield Evidence(
        name="blocks touched a call",
        value=round(blocks, 1),
        unit="blocks",
        source="pg_stat_statements.shared_blks_hit, shared_blks_read",
    )
    yield Evidence(
        name="rows returned a call",
        value=round(statement.rows / max(statement.calls, 1), 1),
        unit="rows",
        source="pg_stat_statements.rows",
    )
    yield share_of_time(case.share_of_all((statement,)))
    yield Evidence(
        name="mean and longest call",
        value=f"{format_ms(statement.mean_time_ms)} and {format_ms(statement.max_time_ms)}",
        source="pg_stat_statements.mean_exec_time, max_exec_time",
    )


def _remedy(
    case: Case, table: Table, statement: Statement, columns: tuple[str, ...]
) -> RewriteStatement | ManualSteps:
    after = keyset_template(statement.text, case.catalog)
    if after is None:
        return ManualSteps(
            title=f"Page through {table.qualified_name} by key",
            steps=(
                f"End the order by {', '.join(columns)} in a unique column.",
                (
                    "Let the application keep these columns of the last row of a page, and ask for "
                    "rows that come after them with a row comparison instead of an OFFSET."
                ),
            ),
        )
    return RewriteStatement(before=statement.text, after=after.text, condition=after.condition)
