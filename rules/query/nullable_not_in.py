"""NOT IN with a subquery whose column may be NULL."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    ConstraintKind,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NotInSubquery,
    Outcome,
    PredicateKind,
    Provenance,
    RelationUsage,
    RewriteStatement,
    Severity,
    Statement,
    Table,
    format_ratio,
    not_exists,
    qualified,
    quote_identifier,
    rule,
    share_of_time,
)

_MAX_REWRITES = 3
"""Statements that are written out; the others are written alike."""
_KEEPS_NULLS = frozenset({"IS NOT DISTINCT FROM", "IS DISTINCT FROM"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements are an application's."""

    min_calls_count: int = 10
    """With fewer calls, a statement may have been typed by hand and never come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trap:
    """One statement with such a condition."""

    statement: Statement
    relation: RelationUsage
    condition: NotInSubquery


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def nullable_not_in(case: Case, limits: Limits) -> Outcome:
    """NOT IN with a subquery whose column may be NULL.

    ## Why it matters
    ``id NOT IN (1, NULL)`` is never true: nobody knows whether the NULL is that id.  One NULL in
    the subquery, and the statement returns no row at all, without an error.  It is slow besides:
    the planner makes a join of NOT EXISTS, but not of NOT IN, and once the subquery's rows do
    not fit into memory, it reads them again for each row outside.

    ## What it leaves alone
    Columns that are NOT NULL, or that a CHECK keeps from being NULL; subqueries that filter or
    join on the column, so that no NULL is left; lists of values; computed columns; and
    statements with hardly a call.  Where ANALYZE saw no NULL, it is a remark only.

    ## Before you act
    The two forms differ where the left side is NULL: NOT EXISTS keeps that row, NOT IN drops it.
    Add ``IS NOT NULL`` where such rows are not wanted.

    ## Example
        SELECT * FROM users WHERE id NOT IN (SELECT referrer_id FROM users);
        SELECT * FROM users AS u
         WHERE NOT EXISTS (SELECT 1 FROM users AS r WHERE r.referrer_id = u.id);
    """
    own = {table.oid for table in case.user_tables}
    groups: dict[tuple[Table, str], list[_Trap]] = defaultdict(list)
    for trap in _conditions(case, limits):
        table = case.catalog.tables.get(trap.relation.table_oid)
        root = None if table is None else case.catalog.root_of(table)
        if root is not None and root.oid in own and _may_be_null(case, root, trap):
            groups[root, trap.condition.column].append(trap)
    for (table, _), traps in groups.items():
        yield _finding(case, table, traps)


def _conditions(case: Case, limits: Limits) -> Iterator[_Trap]:
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        is_counted = statement.source == "pg_stat_statements"
        if usage is None or (is_counted and statement.calls < limits.min_calls_count):
            continue
        for condition in usage.not_in:
            relation = usage.relations[condition.relation]
            yield _Trap(statement=statement, relation=relation, condition=condition)


def _may_be_null(case: Case, table: Table, trap: _Trap) -> bool:
    name, relation = trap.condition.column, trap.relation
    column = table.column(name)
    if column is None or _is_filtered(relation, name):
        return False
    if trap.condition.is_outer_joined:
        return True
    return not column.is_not_null and not any(
        constraint.kind is ConstraintKind.CHECK
        and constraint.columns == (name,)
        and constraint.is_validated
        and "IS NOT NULL" in constraint.definition
        and " OR " not in constraint.definition
        for constraint in case.catalog.constraints_by_table[table.oid]
    )


def _is_filtered(relation: RelationUsage, column: str) -> bool:
    """A comparison with a NULL is not true, so no NULL comes through a condition or a join."""
    return any(join.column == column for join in relation.joins) or any(
        predicate.column == column
        and not predicate.is_optional
        and predicate.kind is not PredicateKind.IS_NULL
        and predicate.operator not in _KEEPS_NULLS
        for predicate in relation.predicates
    )


def _null_ratio(case: Case, table: Table, column: str) -> float | None:
    statistics = case.statistics_of(table, column)
    return None if statistics is None else statistics.null_ratio


def _finding(case: Case, table: Table, traps: list[_Trap]) -> Finding:
    condition = next((t.condition for t in traps if t.condition.is_outer_joined), None)
    is_outer_joined = condition is not None
    column = traps[0].condition.column
    subject = f"{table.qualified_name}.{column}"
    statements = tuple({t.statement.id: t.statement for t in traps}.values())
    rewrites = tuple(_rewrites(case, statements))
    ratio = _null_ratio(case, table, column)
    is_seen = bool(ratio)
    what = "a statement" if len(statements) == 1 else f"{len(statements)} statements"
    return Finding(
        subject=subject,
        summary=f"NOT IN of {what} reads {subject} in a subquery, "
        f"{_why(ratio, is_outer_joined=is_outer_joined)}",
        detail="One NULL in the subquery's result, and the condition is true for no row.",
        evidence=tuple(_evidence(case, statements, column, ratio)),
        provenance=Provenance.STATISTICS if is_seen else Provenance.CATALOG,
        confidence=Confidence.HIGH if is_seen else Confidence.MEDIUM,
        guards=(
            "no constraint keeps the column from being NULL"
            if not is_outer_joined
            else "the outer join fills the column up with NULLs",
            "the subquery does not filter NULLs out",
        ),
        remedies=(
            _remedy(
                table,
                traps[0],
                is_outer_joined=is_outer_joined,
                is_written=rewrites[:1] != () and rewrites[0].before == statements[0].text,
            ),
            *rewrites,
        ),
        impact=Impact(risk="a single NULL makes the statement return nothing, without an error"),
        statement_ids=tuple(statement.id for statement in statements),
        severity=Severity.INFO if ratio == 0.0 and not is_outer_joined else None,
    )


def _why(ratio: float | None, *, is_outer_joined: bool) -> str:
    if ratio:
        return f"which is NULL in {format_ratio(ratio)} of the rows"
    if is_outer_joined:
        return "which is NULL where the outer join finds no partner"
    if ratio is None:
        return "which may be NULL"
    return "which may be NULL, though no NULL was seen"


def _evidence(
    case: Case, statements: tuple[Statement, ...], column: str, ratio: float | None
) -> Iterator[Evidence]:
    if ratio is not None:
        yield Evidence(
            name=f"share of NULLs in {column}",
            value=round(ratio, 4),
            unit="ratio",
            source="pg_stats.null_frac",
        )
    yield Evidence(name="may be NULL", value=True, source="pg_attribute.attnotnull, pg_constraint")
    yield share_of_time(case.share_of_all(statements))


def _rewrites(case: Case, statements: tuple[Statement, ...]) -> Iterator[RewriteStatement]:
    for statement in statements[:_MAX_REWRITES]:
        after = not_exists(statement.text, case.catalog)
        if after is not None:
            yield RewriteStatement(
                before=statement.text, after=after.text, condition=after.condition
            )


def _remedy(table: Table, trap: _Trap, *, is_outer_joined: bool, is_written: bool) -> ManualSteps:
    column = quote_identifier(trap.condition.column)
    name = qualified(table.schema, table.name)
    how = (
        "as in the rewrite"
        if is_written
        else f"`{_not_exists(table, trap)}`, with the subquery's other conditions in place of the "
        "dots"
    )
    steps = [
        (
            f"Ask whether there is such a row: {how}.  NULLs do it no harm, and the planner makes "
            "an anti join of it."
        ),
        f"Or keep the NOT IN and add `{column} IS NOT NULL` to the subquery.",
    ]
    if not is_outer_joined:
        steps.append(
            f"If {trap.condition.column} is never meant to be NULL, say so once: "
            f"`ALTER TABLE {name} ADD CHECK ({column} IS NOT NULL) NOT VALID`, then validate the "
            "constraint, then `SET NOT NULL`, which does not read the table again."
        )
    return ManualSteps(title="Write NOT EXISTS in place of NOT IN", steps=tuple(steps))


def _not_exists(table: Table, trap: _Trap) -> str:
    tested = trap.condition.tested
    alias = trap.relation.alias
    if tested is not None and tested[0] == alias:
        alias = f"other_{alias}"  # else both sides would mean the inner table
    left = f"{quote_identifier(alias)}.{quote_identifier(trap.condition.column)}"
    right = "..." if tested is None else ".".join(quote_identifier(part) for part in tested)
    name = qualified(table.schema, table.name)
    source = name if alias == table.name else f"{name} AS {quote_identifier(alias)}"
    # Text for people to read, which nothing runs.
    return f"NOT EXISTS (SELECT 1 FROM {source} WHERE {left} = {right} AND ...)"  # noqa: S608
