"""Conditions that hide a column inside an expression."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Action,
    Case,
    Choice,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RewriteStatement,
    Severity,
    Statement,
    StatementOnTable,
    Table,
    WrappedPredicate,
    costed_rule,
    finds_by_key,
    format_ms,
    format_ratio,
    is_implicit_cast,
    may_be_expression,
    same_expression,
    sargable_range,
    share_of_time,
    table_rows,
)

_DISTANCES = ("<->", "<#>", "<=>", "<+>", "<~>", "<%>", "<<->", "<->>")
"""Operators of pgvector, pg_trgm, PostGIS and the geometric types that tell how far two are apart.
Indexes hand out the nearest first; none finds what is nearer than something."""

_PATTERNS = frozenset({"~~", "~~*", "~", "~*"})
_MEASURES = frozenset(
    {"length", "char_length", "character_length", "octet_length", "bit_length", "cardinality"}
    | {"array_length", "jsonb_array_length", "json_array_length", "pg_column_size"}
)
"""Functions that tell how long a value is."""
_RANGES = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements are worth rewriting."""

    min_share_ratio: float = 0.001
    """Share of the workload's time of all statements with the condition; below half a percent
    it is worth a remark only."""

    max_rows_ratio: float = 0.2
    """Share of the table's rows that a call returns or changes, on average; to find more of them
    an index is of no use."""


@costed_rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def non_sargable_predicate(case: Case, choice: Choice, limits: Limits) -> Outcome:
    """A condition hides its column inside an expression, so that no plain index can serve.

    ## Why it matters
    An index on created_at is sorted by created_at.  ``date(created_at) = $1`` asks for another
    order, so every row is read and computed; ``created_at >= $1 AND created_at < $1 + 1`` asks
    for a range of the index.

    ## What it leaves alone
    Small tables, statements with little time, conditions below an OR, expressions that an index
    is built on, or may be (``pg_stat_statements`` keeps of ``content ->> 'kind'`` no more than
    ``content ->> $2``), statements that find their row by a unique key anyway, and those that
    return or change a fifth of the table.  Distances (``embedding <=> $1 < 0.2``), which no index
    is searched by: an ORDER BY of the nearest is what one serves.  Lengths above or below a bound
    (``length(title) > 0``), which most rows have as a rule, and no form of which leaves the column
    alone.  What PostgreSQL converts by itself is a matter of ``implicit-cast``, documents of type
    json, not jsonb, are one of ``searched-json-column``, and patterns, where pg_trgm is missing,
    of ``unindexed-pattern-search``.

    ## Before you act
    What is equal to what depends on types: a day of a timestamp with time zone is a day of the
    session's TimeZone, in the old form and in the new one; where clocks are set back across
    midnight, that day has two beginnings, and the range takes the later one.  A day after
    infinity is infinity.  Where no rewrite is known, an index on the expression does it, if the
    expression is immutable.

    ## Example
        SELECT count(*) FROM orders WHERE date(created_at) = $1;
        SELECT count(*) FROM orders WHERE created_at >= $1 AND created_at < $1 + 1;
    """
    for table in case.user_tables:
        if not case.is_large_enough(table):
            continue
        groups: dict[str, list[tuple[StatementOnTable, WrappedPredicate]]] = defaultdict(list)
        for use in case.uses_of(table):
            if not _is_selective(case, table, use, limits):
                continue
            for wrapped in _hidden(case, table, use):
                groups[wrapped.expression].append((use, wrapped))
        for found in groups.values():
            statements = tuple({u.statement.id: u.statement for u, _ in found}.values())
            if case.share_of_all(statements) >= limits.min_share_ratio:
                yield _finding(case, choice, found[0], statements)


def _is_selective(case: Case, table: Table, use: StatementOnTable, limits: Limits) -> bool:
    statement = use.statement
    return statement.rows <= limits.max_rows_ratio * case.rows_of(table) * statement.calls


def _hidden(case: Case, table: Table, use: StatementOnTable) -> Iterator[WrappedPredicate]:
    relation = use.relation
    if finds_by_key(case, table, relation):
        return
    indexed = [
        key.expression
        for index in case.indexes_of(table)
        if index.is_valid
        for key in index.keys[:1]
        if key.expression is not None
    ]
    for wrapped in relation.wrapped:
        if wrapped.is_optional or is_implicit_cast(wrapped, use.statement.text):
            continue
        if any(f" {operator} " in wrapped.expression for operator in _DISTANCES):
            continue
        if wrapped.wrapper in _MEASURES and wrapped.operator in _RANGES:
            continue
        if _is_json(table, wrapped.column) or _is_searched_by_pattern(case, wrapped):
            continue
        if not any(may_be_expression(wrapped.expression, expression) for expression in indexed):
            yield wrapped


def _is_searched_by_pattern(case: Case, wrapped: WrappedPredicate) -> bool:
    """What no btree serves, and nothing else without pg_trgm."""
    has_trigrams = any(e.name == "pg_trgm" for e in case.snapshot.server.extensions)
    return wrapped.operator in _PATTERNS and not has_trigrams


def _is_json(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and (column.base_type_name or column.type_name) == "json"


def _finding(
    case: Case,
    choice: Choice,
    first: tuple[StatementOnTable, WrappedPredicate],
    statements: tuple[Statement, ...],
) -> Finding:
    use, wrapped = first
    table = case.catalog.root_of(case.catalog.tables[use.relation.table_oid])
    share = case.share_of_all(statements)
    remedies = tuple(_rewrites(case, statements)) or _indexes(case, choice, wrapped)
    times = [case.time_ms_per_day(statement) for statement in statements]
    per_day = sum(time for time in times if time is not None)
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{wrapped.expression}",
        summary=f"{wrapped.expression} on {table.qualified_name} keeps indexes on "
        f"{wrapped.column} out of {len(statements)} "
        f"statement{'' if len(statements) == 1 else 's'} ({format_ratio(share)} of all time)",
        detail=f"They take {format_ms(per_day)} a day." if per_day else "",
        evidence=(
            Evidence(
                name="condition",
                value=f"{wrapped.expression} {wrapped.operator}",
                source="pg_stat_statements.query",
            ),
            share_of_time(share),
            table_rows(case, table, "rows of the table"),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH if remedies else Confidence.MEDIUM,
        guards=(
            "the table is not small",
            "no valid index is built on the expression",
            "no unique key finds the rows anyway",
        ),
        remedies=remedies or (_by_hand(table, wrapped),),
        impact=Impact(risk="every row is read and computed, whatever indexes there are"),
        statement_ids=tuple(statement.id for statement in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _rewrites(case: Case, statements: tuple[Statement, ...]) -> Iterator[RewriteStatement]:
    for statement in statements:
        after = sargable_range(statement.text, case.catalog)
        if after is not None:
            yield RewriteStatement(
                before=statement.text, after=after.text, condition=after.condition
            )


def _indexes(case: Case, choice: Choice, wrapped: WrappedPredicate) -> tuple[Action, ...]:
    """Indexes on the expression that the planner chose on the twin, which proves it immutable."""
    return tuple(
        case.creation_of(chosen)
        for chosen in choice.chosen
        if (expression := chosen.candidate.definition.keys[0].expression) is not None
        and same_expression(expression, wrapped.expression)
    )


def _by_hand(table: Table, wrapped: WrappedPredicate) -> ManualSteps:
    return ManualSteps(
        title=f"Free {wrapped.column} of {table.qualified_name} from {wrapped.wrapper}",
        steps=(
            (
                f"Write the condition so that {wrapped.column} stands alone on its side: move "
                f"{wrapped.wrapper} to the other side, or write a range."
            ),
            (
                f"If that cannot be done and the expression is immutable, build an index on "
                f"`({wrapped.expression})`, and run ANALYZE after it."
            ),
        ),
    )
