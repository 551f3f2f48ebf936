"""Columns of type json that conditions look into."""

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
    Provenance,
    RelationKind,
    Severity,
    Statement,
    StatementOnTable,
    Table,
    finds_by_key,
    format_ratio,
    may_be_expression,
    qualified,
    quote_identifier,
    rule,
    table_rows,
)

_LOOKS_INTO = (" -> ", " ->> ", " #> ", " #>> ", "json_", "AS jsonb")
"""What an expression that has to parse the document holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it is worth a rewrite of the table."""

    min_share_ratio: float = MIN_SHARE_OF_TIME
    """Share of the workload's time of all statements that look into the column."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def searched_json_column(case: Case, limits: Limits) -> Outcome:
    r"""Conditions look into a column that is json, not jsonb.

    ## Why it matters
    A json value is kept as the text that came in.  Each ``->`` and ``->>`` parses that text from
    its beginning, for every row that is looked at and once for every operator.  A jsonb value is
    parsed once, when it is written; and a GIN index serves its ``@>`` and ``?``, for which json
    has no operators at all.

    ## What it leaves alone
    Small tables, columns that are only written and read whole, statements with little time,
    statements that find their row by a unique key, expressions that an index is built on or may
    be (the server's counters have no constants), and searches in the text of the document as it
    stands.

    ## Before you act
    jsonb keeps neither the order of keys, nor duplicate ones, nor white space: whoever checks
    signatures of such texts, or shows them as they came, needs json.  It refuses ``\u0000``.
    The change rewrites the table.

    ## Example
        SELECT * FROM events WHERE payload ->> 'kind' = $1;  -- parses every row
        ALTER TABLE events ALTER COLUMN payload TYPE jsonb USING payload::jsonb;
    """
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW or not case.is_large_enough(table):
            continue
        for column in table.columns:
            if (column.base_type_name or column.type_name) != "json":
                continue
            statements = _statements(case, table, column)
            if sum(map(case.share_of, statements)) >= limits.min_share_ratio and statements:
                yield _finding(case, table, column, statements)


def _statements(case: Case, table: Table, column: Column) -> tuple[Statement, ...]:
    found = {
        use.statement.id: use.statement
        for use in case.uses_of(table)
        if not finds_by_key(case, table, use.relation)
        and any(not _is_indexed(case, table, text) for text in _looks(use, column))
    }
    return tuple(found.values())


def _looks(use: StatementOnTable, column: Column) -> Iterator[str]:
    """Expressions of conditions, sorts and groups that parse the column."""
    relation = use.relation
    wrapped = [(w.column, w.expression) for w in relation.wrapped]
    ordered = [(k.column, k.expression) for k in relation.expression_order]
    grouped = [(k.column, k.expression) for k in relation.group_expressions]
    for name, expression in (*wrapped, *ordered, *grouped):
        if name == column.name and expression and any(s in expression for s in _LOOKS_INTO):
            yield expression


def _is_indexed(case: Case, table: Table, expression: str) -> bool:
    return any(
        key.expression is not None and may_be_expression(expression, key.expression)
        for index in case.indexes_of(table)
        if index.is_valid
        for key in index.keys[:1]
    )


def _finding(
    case: Case, table: Table, column: Column, statements: tuple[Statement, ...]
) -> Finding:
    name = f"{table.qualified_name}.{column.name}"
    share = sum(map(case.share_of, statements))
    count = len(statements)
    verb = "1 statement looks" if count == 1 else f"{count} statements look"
    return Finding(
        subject=name,
        summary=f"{name} is json, and {verb} into it for {format_ratio(share)} of the "
        "workload's time",
        detail="An index on the expression is possible in json, too, and serves one question; "
        "jsonb makes all of them cheaper.",
        evidence=tuple(_evidence(case, table, column, share, count)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "the table is not small",
            "no index is built on what is asked for",
            "the statements do not find their row by a unique key",
        ),
        remedies=(_remedy(table, column),),
        impact=Impact(risk="every row that is looked at is parsed anew"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _evidence(
    case: Case, table: Table, column: Column, share: float, count: int
) -> Iterator[Evidence]:
    yield Evidence(
        name="statements that look into it",
        value=count,
        unit="statements",
        source="pg_stat_statements.query",
    )
    yield Evidence(
        name="their share of the time",
        value=round(share, 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )
    yield table_rows(case, table)
    statistics = case.statistics_of(table, column.name)
    if statistics is not None:
        yield Evidence(
            name="average width, as stored",
            value=statistics.average_width_bytes,
            unit="bytes",
            source="pg_stats.avg_width",
        )


def _remedy(table: Table, column: Column) -> ManualSteps:
    target, name = qualified(table.schema, table.name), quote_identifier(column.name)
    alter = f"ALTER TABLE {target} ALTER COLUMN {name} TYPE"
    return ManualSteps(
        title=f"Make {table.qualified_name}.{column.name} a jsonb",
        steps=(
            (
                "See that nobody relies on the text of the documents: the order of keys, duplicate "
                "keys, white space."
            ),
            (
                "Look for what jsonb refuses: "  # noqa: S608  (quoted above)
                f"`SELECT count(*) FROM {target} "
                f"WHERE strpos({name}::text, '\\u0000') > 0`."
            ),
            (
                "Functions are called otherwise: json_array_elements becomes jsonb_array_elements, "
                "in statements, views and functions."
            ),
            (
                f"`{alter} jsonb USING {name}::jsonb` rewrites the table, and nobody can read it "
                "meanwhile. Where that takes too long: add a jsonb column, fill it by a trigger "
                "and in batches, and swap the names in one short transaction."
            ),
            f"The way back is `{alter} json USING {name}::json`; texts come back in jsonb's form.",
        ),
    )
