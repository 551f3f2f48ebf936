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
    Index,
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
    blocks_per_call,
    format_count,
    format_ms,
    format_ratio,
    keyset_template,
    rows_per_call,
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

    min_first_pages_ratio: float = 5.0
    """Blocks touched in a call, beside those that a first page takes at most: with fewer, pages
    are not deep.  Counted where an index gives the order and no condition discards rows."""

    min_skipped_rows: float = 1_000.0
    """OFFSET of a deep page, where logs tell what it was."""

    min_deep_calls_ratio: float = 0.1
    """Share of deep pages in the logged calls."""


_DESCENT_BLOCKS = 5
"""From the root of an index to a row of its table, at most."""


# What is known of how deep pages are, the surest first.
_LOGGED, _COUNTED, _UNKNOWN, _SHALLOW = "logged", "counted", "unknown", "shallow"
_SURENESS = (_LOGGED, _COUNTED, _UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A statement's page of a table, and how deep it is."""

    statement: Statement
    relation: RelationUsage
    depth: str
    offsets: tuple[int, ...] = ()
    """Of logged calls."""
    first_page_blocks: float = 0.0
    """What a first page takes at most; 0: not known."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def deep_offset(case: Case, limits: Limits) -> Outcome:
    """A statement pages with OFFSET through a large table.

    ## Why it matters
    ``OFFSET 100000`` reads, sorts and throws away a hundred thousand rows to return twenty, and
    the next page does it again.  Rows that are inserted meanwhile shift the pages.

    ## What it leaves alone
    Small tables, statements with little time, and statements that touch few blocks a call, so
    that they cannot skip many rows.  Subqueries with an OFFSET but no LIMIT: they are no pages,
    `OFFSET 0` keeps a subquery apart.  Lists of which only the first pages are read: where an
    index gives the order and nothing discards rows, a first page takes so many blocks for its
    rows, and a call that takes no more skips nothing; and where logs (`--logs`) tell what was
    skipped, that decides.  Where neither tells how deep pages are, as where each page sorts all
    rows, the first one too, it is a remark.

    ## Before you act
    A keyset page remembers the last row of the page before and needs an order that ends in a
    unique column.  It goes forwards and backwards, but cannot jump to page 500.

    ## Example
        SELECT * FROM orders ORDER BY created_at, id OFFSET $1 LIMIT $2;
        SELECT * FROM orders WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3;
    """
    groups: dict[tuple[Table, str], list[_Page]] = defaultdict(list)
    seen: set[str] = set()
    for table, use in case.uses():
        if use.statement.id in seen or not _pages(case, table, use):
            continue
        if _is_dear(case, use.statement, limits):
            seen.add(use.statement.id)
            page = _page(case, table, use, limits)
            if page.depth != _SHALLOW:
                groups[table, case.shape_of(use.statement)].append(page)
    for (table, _), pages in groups.items():
        yield _finding(case, table, pages, limits)


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


def _is_dear(case: Case, statement: Statement, limits: Limits) -> bool:
    if statement.calls == 0:
        return False
    return (
        case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.blocks_per_call >= limits.min_blocks_per_call_count
    )


def _page(case: Case, table: Table, use: StatementOnTable, limits: Limits) -> _Page:
    """How deep its pages are: as logs say, else by what is read beside what is returned."""
    statement, depth, first = use.statement, _UNKNOWN, 0.0
    offsets = tuple(_offsets(case, use))
    if offsets:
        deep = sum(offset >= limits.min_skipped_rows for offset in offsets)
        is_deep = deep >= limits.min_deep_calls_ratio * len(offsets)
        depth = _LOGGED if is_deep else _SHALLOW
    elif _reads_rows_once(case, table, use):
        # Each row is a block of the table, and a descent into an index of each other one.
        rows = statement.rows / statement.calls
        others = len(use.usage.relations) - 1
        first = _DESCENT_BLOCKS + rows * (1 + _DESCENT_BLOCKS * others)
        is_deep = statement.blocks_per_call >= limits.min_first_pages_ratio * first
        depth = _COUNTED if is_deep else _SHALLOW
    return _Page(
        statement=statement,
        relation=use.relation,
        depth=depth,
        offsets=offsets,
        first_page_blocks=first,
    )


def _offsets(case: Case, use: StatementOnTable) -> Iterator[int]:
    """What logged calls skipped, where the statement has one OFFSET."""
    if len(use.usage.offset_parameters) != 1:
        return
    for call in case.logged_calls.get(use.statement.id, ()):
        literal = dict(call.values).get(use.usage.offset_parameters[0], "").strip("'")
        if literal.isdecimal():
            yield int(literal)


def _reads_rows_once(case: Case, table: Table, use: StatementOnTable) -> bool:
    """An index gives the order, no row of it is discarded, and others are looked up by key."""
    page = use.relation
    if page.wrapped or page.alternatives or not _orders_all(case, table, page):
        return False
    others = (relation for relation in use.usage.relations if relation is not page)
    return all(_is_looked_up(case, relation) for relation in others)


def _orders_all(case: Case, table: Table, page: RelationUsage) -> bool:
    """Some index has the order behind the very columns that are compared with one value."""
    fixed = _fixed(page)
    order = [key.column for key in page.sort_keys if key.column not in fixed][:1]
    if any(p.is_optional or p.column not in {*fixed, *order} for p in page.predicates):
        return False
    return any(
        set(index.key_columns[: len(fixed)]) == fixed
        and list(index.key_columns[len(fixed) : len(fixed) + 1]) == order
        for index in case.indexes_of(table)
        if _is_whole_btree(index)
    )


def _is_looked_up(case: Case, relation: RelationUsage) -> bool:
    """It only adds columns: it has no condition of its own, and an index on what joins it."""
    table = case.catalog.tables.get(relation.table_oid)
    joined = {join.column for join in relation.joins}
    return (
        table is not None
        and not (relation.predicates or relation.wrapped or relation.alternatives)
        and any(
            index.key_columns[0] in joined
            for index in case.indexes_of(table)
            if _is_whole_btree(index)
        )
    )


def _is_whole_btree(index: Index) -> bool:
    return index.is_valid and index.access_method == "btree" and index.predicate is None


def _fixed(page: RelationUsage) -> set[str]:
    """Columns that are compared with one value."""
    return {
        p.column for p in page.predicates if p.kind is PredicateKind.EQUALITY and not p.is_optional
    }


def _finding(case: Case, table: Table, pages: list[_Page], limits: Limits) -> Finding:
    # The statement whose depth is known speaks for those of its shape.
    page = min(pages, key=lambda each: _SURENESS.index(each.depth))
    statement = page.statement
    columns = tuple(key.column for key in page.relation.sort_keys)
    blocks = statement.blocks_per_call
    share = case.share_of_all((statement,))
    is_known = page.depth != _UNKNOWN
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(statement)}",
        summary=f"A statement pages through {table.qualified_name} with OFFSET and touches "
        f"{format_count(blocks)} blocks a call ({format_ratio(share)} "
        "of all time)",
        detail=" ".join(_details(case, table, page, columns)),
        evidence=tuple(_evidence(case, page, limits)),
        provenance=Provenance.STATISTICS,
        confidence=_CONFIDENCES[page.depth],
        guards=("the table is not small", *_GUARDS[page.depth]),
        remedies=(_remedy(case, table, statement, columns),),
        impact=Impact(risk="each page costs more than the one before"),
        statement_ids=tuple(each.statement.id for each in pages),
        severity=None if share >= MIN_SHARE_OF_TIME and is_known else Severity.INFO,
    )


_CONFIDENCES = {
    _LOGGED: Confidence.HIGH,
    _COUNTED: Confidence.MEDIUM,
    _UNKNOWN: Confidence.LOW,
}
_GUARDS = {
    _LOGGED: ("logged calls skip many rows",),
    _COUNTED: ("it touches more blocks than first pages would",),
    _UNKNOWN: (),
}


def _is_total_order(case: Case, table: Table, columns: tuple[str, ...]) -> bool:
    """The order holds a unique key, so that no two rows are equal in it."""
    return any(
        index.is_unique
        and index.is_valid
        and index.predicate is None
        and all(name in columns for name in index.key_columns)
        for index in case.indexes_of(table)
    )


def _details(case: Case, table: Table, page: _Page, columns: tuple[str, ...]) -> Iterator[str]:
    if page.depth == _UNKNOWN:
        yield (
            "How deep pages are is not known, and where only first pages are read there is nothing "
            "to mend: logs (`--logs`) would tell."
        )
        if not _comes_from_an_index(case, table, page.relation):
            yield (
                "No index gives the order, so the first page reads as much as the last, and a page "
                "by key needs that index, too."
            )
    if not _is_total_order(case, table, columns):
        yield (
            f"The order by {', '.join(columns)} is not unique, so pages may repeat or miss rows "
            "even now; end it in a unique column."
        )


def _comes_from_an_index(case: Case, table: Table, page: RelationUsage) -> bool:
    """Some index begins with the order, but for columns that are compared with one value."""
    fixed = _fixed(page)
    order = [key.column for key in page.sort_keys if key.column not in fixed]
    for index in case.indexes_of(table):
        behind = [name for name in index.key_columns if name not in fixed]
        if index.is_valid and index.access_method == "btree" and behind[:1] == order[:1]:
            return True
    return False


def _evidence(case: Case, page: _Page, limits: Limits) -> Iterator[Evidence]:
    statement = page.statement
    yield blocks_per_call(statement)
    yield rows_per_call(statement)
    if page.first_page_blocks:
        yield Evidence(
            name="blocks of a first page, at most",
            value=round(page.first_page_blocks),
            unit="blocks",
            source="rows returned a call, and the tables that are joined",
        )
    if page.offsets:
        deep = sum(offset >= limits.min_skipped_rows for offset in page.offsets)
        yield Evidence(
            name=f"logged calls that skip {format_count(limits.min_skipped_rows)} rows or more",
            value=round(deep / len(page.offsets), 4),
            unit="ratio",
            source="the server's log",
        )
    yield share_of_time(case.share_of_all((statement,)))
    times = (statement.min_time_ms, statement.mean_time_ms, statement.max_time_ms)
    yield Evidence(
        name="shortest, mean and longest call",
        value=", ".join(map(format_ms, times)),
        source="pg_stat_statements.min_exec_time, mean_exec_time, max_exec_time",
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
