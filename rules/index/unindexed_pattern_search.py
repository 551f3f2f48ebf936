"""Searches by pattern that read the whole table, where the extension for an index is missing."""

import re
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
    RelationKind,
    Severity,
    Statement,
    StatementOnTable,
    Table,
    blocks_per_call,
    finds_by_key,
    format_count,
    format_ms,
    format_ratio,
    format_size,
    qualified,
    quote_identifier,
    rule,
    share_of_time,
    table_rows,
)

_EXTENSION = "pg_trgm"
_TEXTS = frozenset({"text", "character varying"})
_NARROWING = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST})
_PATTERNS = frozenset({"~~", "~~*", "~", "~*"})
_TRIGRAM = re.compile(r"[^\W_]{3}")
"""What of a pattern an index can be asked for: three letters or digits in a row."""
_ANCHORED = {"~~": re.compile(r"'[^%_\\]"), "~": re.compile(r"'\^\w")}
"""Patterns whose beginning is fixed, which a btree looks up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When reading every row is too slow."""

    min_searched_rows: int = 100_000
    """Rows that are compared with the pattern: those of the table, or of one value of a column
    that the statement compares for equality."""

    min_distinct_count: int = 1_000
    """Different texts in the column; of fewer, the application can keep a list."""

    max_found_ratio: float = 0.1
    """Rows that a call returns, as a share of those that are compared."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Of the workload's time."""

    min_mean_time_ms: float = 20.0
    """Of a call: below that, reading all rows is fast enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What is compared with a pattern."""

    column: str
    expression: str | None
    """None: the column itself."""
    operator: str
    literal: str | None
    """None: the pattern is a parameter."""

    @property
    def key(self) -> str:
        """As it stands in an index."""
        return quote_identifier(self.column) if self.expression is None else f"({self.expression})"

    @property
    def can_be_served(self) -> bool:
        """By trigrams, and by nothing simpler."""
        if self.operator not in _PATTERNS:
            return False
        if self.literal is None:
            return True
        anchored = _ANCHORED.get(self.operator)
        is_anchored = anchored is not None and anchored.match(self.literal) is not None
        return _TRIGRAM.search(self.literal) is not None and not is_anchored


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def unindexed_pattern_search(case: Case, limits: Limits) -> Outcome:
    """Texts are searched for a pattern in every row, and pg_trgm is not there.

    ## Why it matters
    A btree finds texts by their beginning.  `name LIKE '%son%'`, ILIKE and regular expressions
    ask for something in the middle, so every row is read and compared.  An index over trigrams,
    the groups of three letters in a text, finds the few rows that have all those of the pattern;
    it needs the extension pg_trgm, which comes with PostgreSQL.

    ## What it leaves alone
    Databases with pg_trgm, where `missing-index` has the planner judge such an index; small
    tables, and statements that compare a column for equality whose values have few rows each;
    columns with few different texts; patterns with a fixed beginning, or without three letters
    in a row; conditions below an OR; statements that find a tenth of the rows, are fast, or of no
    weight.

    ## Before you act
    Such an index is large and slow to write: a row has as many entries as its text has letters.
    It does nothing for patterns of one or two letters.  Where people look for words and not for
    parts of them, full-text search is smaller and knows word forms.

    ## Example
        SELECT * FROM customers WHERE name ILIKE '%' || $1 || '%';  -- compares every name
        CREATE EXTENSION pg_trgm;
        CREATE INDEX CONCURRENTLY ON customers USING gin (name gin_trgm_ops);
    """
    if any(extension.name == _EXTENSION for extension in case.snapshot.server.extensions):
        return
    for table in case.user_tables:
        if case.rows_of(table) < limits.min_searched_rows:
            continue
        found: dict[str, dict[str, tuple[_Search, Statement]]] = {}
        for use in case.uses_of(table):
            if not _is_slow(case, table, use, limits):
                continue
            for search in _searches(use):
                if search.can_be_served and _is_searchable(case, table, search, limits):
                    by_id = found.setdefault(search.key, {})
                    by_id.setdefault(use.statement.id, (search, use.statement))
        for searches in found.values():
            statements = tuple(statement for _, statement in searches.values())
            if sum(map(case.share_of, statements)) >= limits.min_share_ratio:
                yield _finding(case, table, next(iter(searches.values()))[0], statements)


def _searches(use: StatementOnTable) -> Iterator[_Search]:
    for predicate in use.relation.predicates:
        if predicate.kind is PredicateKind.PATTERN and not predicate.is_optional:
            yield _Search(
                column=predicate.column,
                expression=None,
                operator=predicate.operator,
                literal=predicate.literal,
            )
    for wrapped in use.relation.wrapped:
        if not wrapped.is_optional and "$" not in wrapped.expression:
            other = wrapped.other_side or ""
            yield _Search(
                column=wrapped.column,
                expression=wrapped.expression,
                operator=wrapped.operator,
                literal=other if other.startswith("'") else None,
            )


def _is_slow(case: Case, table: Table, use: StatementOnTable, limits: Limits) -> bool:
    statement, rows = use.statement, _compared_rows(case, table, use)
    return (
        statement.calls > 0
        and statement.mean_time_ms >= limits.min_mean_time_ms
        and rows >= limits.min_searched_rows
        and statement.rows <= limits.max_found_ratio * rows * statement.calls
        and not finds_by_key(case, table, use.relation)
    )


def _compared_rows(case: Case, table: Table, use: StatementOnTable) -> float:
    """Rows that are left after the most selective comparison with a value."""
    rows = case.rows_of(table)
    left = rows
    for predicate in use.relation.predicates:
        known = case.statistics_of(table, predicate.column)
        if predicate.kind in _NARROWING and not predicate.is_optional and known is not None:
            left = min(left, rows / known.distinct_count(rows))
    return left


def _is_searchable(case: Case, table: Table, search: _Search, limits: Limits) -> bool:
    """A text, of which there are many: of an expression nobody knows how many."""
    column = table.column(search.column)
    if column is None:
        return False
    if search.expression is not None and not search.expression.startswith(("lower(", "upper(")):
        return False
    name = (column.base_type_name or column.type_name).partition("(")[0]
    known = case.statistics_of(table, search.column)
    has_many = (
        known is None
        or known.n_distinct == 0
        or known.distinct_count(case.rows_of(table)) >= limits.min_distinct_count
    )
    return name in _TEXTS and has_many


def _finding(
    case: Case, table: Table, search: _Search, statements: tuple[Statement, ...]
) -> Finding:
    name = search.expression or search.column
    slowest = max(statements, key=lambda statement: statement.mean_time_ms)
    share = sum(map(case.share_of, statements))
    return Finding(
        subject=f"{table.qualified_name}.{search.column}",
        identity=f"{table.qualified_name}.{name}",
        summary=f"{name} of {format_count(case.rows_of(table))} rows of {table.qualified_name} is "
        f"searched for a pattern row by row: {format_ms(slowest.mean_time_ms)} a call, "
        f"{format_ratio(share)} of all time",
        evidence=tuple(_evidence(case, table, search, slowest, share)),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            "pg_trgm is not there, so no index serves the pattern",
            "no comparison with a value leaves few rows",
            "few of the rows are found",
        ),
        remedies=(_remedy(case, table, search),),
        impact=Impact(risk="each search takes longer with every row that is added"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _evidence(
    case: Case, table: Table, search: _Search, slowest: Statement, share: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="condition",
        value=f"{search.expression or search.column} {search.operator}",
        source="pg_stat_statements.query",
    )
    yield table_rows(case, table)
    yield Evidence(
        name="mean time of the slowest",
        value=round(slowest.mean_time_ms, 1),
        unit="ms",
        source="pg_stat_statements.mean_exec_time",
    )
    yield blocks_per_call(slowest)
    yield share_of_time(share)
    if (size := _text_bytes(case, table, search)) is not None:
        yield Evidence(
            name="text in the column",
            value=size,
            unit="bytes",
            source="pg_stats.avg_width, pg_class.reltuples",
        )


def _text_bytes(case: Case, table: Table, search: _Search) -> int | None:
    known = case.statistics_of(table, search.column)
    if known is None:
        return None
    return round(known.average_width_bytes * (1 - known.null_ratio) * case.rows_of(table))


def _remedy(case: Case, table: Table, search: _Search) -> ManualSteps:
    return ManualSteps(
        title=f"Search {table.qualified_name}.{search.column} by trigrams",
        steps=tuple(_steps(case, table, search)),
    )


def _steps(case: Case, table: Table, search: _Search) -> Iterator[str]:
    is_partitioned = table.kind is RelationKind.PARTITIONED_TABLE
    target = qualified(table.schema, table.name)
    where = f"ON ONLY {target}" if is_partitioned else f"CONCURRENTLY ON {target}"
    size = _text_bytes(case, table, search)
    yield (
        "`CREATE EXTENSION pg_trgm`: it comes with PostgreSQL, and whoever may create objects in "
        "the database may do that."
    )
    yield (
        f"`CREATE INDEX {where} USING gin ({search.key} gin_trgm_ops)`"
        + (f"; the text that it is over takes {format_size(size)}." if size else ".")
    )
    if is_partitioned:
        yield "Build it on each partition, and attach it."
    yield (
        "Compare both with EXPLAIN (ANALYZE, BUFFERS) for patterns that are common and rare, and "
        "look at what writing costs: `fastupdate` puts it off, and searches then read the list."
    )
    yield "The way back is `DROP INDEX CONCURRENTLY`, then `DROP EXTENSION pg_trgm`."
