"""IN lists that are written out value by value, short ones and long ones."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RewriteStatement,
    Severity,
    SkipRule,
    Statement,
    Table,
    any_array,
    format_count,
    format_ratio,
    quote_identifier,
    rule,
)

_SQUASHED_SINCE = 18
_MAX_REWRITES = 3
"""Statements that are written out; the others are written alike."""
_MAX_CHARACTERS = 2_000
"""Longer texts, with hundreds of parameters, show nobody anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which lists are too many or too long."""

    min_variants_count: int = 10
    """Lengths of the list of one statement, each of which is an entry of its own."""

    min_longest_count: int = 20
    """Values in the longest of them; the values of an enum make shorter ones."""

    min_long_list_count: int = 500
    """Values from which one list is long, whether it varies or not."""

    min_share_ratio: float = 0.001
    """Share of a statement with a long list in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A statement, and the length of a list in it."""

    statement: Statement
    length: int


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def varying_in_list(case: Case, limits: Limits) -> Outcome:
    """A list of values is written out, in many lengths or at great length.

    ## Why it matters
    Before PostgreSQL 18, ``IN ($1, $2)`` and ``IN ($1, $2, $3)`` are two statements: each is
    planned and kept by itself, no prepared statement serves both, and each takes an entry of
    ``pg_stat_statements``, until there is none left for other statements.  A long list is parsed
    and planned value by value.  An array is one parameter, whatever its length.

    ## What it leaves alone
    Statements with few variants, short lists as of an enum's values, long lists that take little
    of the time, and PostgreSQL 18 and later, which counts all lengths as one statement.

    ## Before you act
    With an array in a parameter a generic plan assumes ten values.  Where the lists are long,
    look at the plan once with ``plan_cache_mode`` at its default and after six executions.

    ## Example
        SELECT * FROM orders WHERE id IN ($1, $2, $3, $4, $5);
        SELECT * FROM orders WHERE id = ANY ($1::bigint[]);
    """
    if case.snapshot.server.major >= _SQUASHED_SINCE:
        raise SkipRule("PostgreSQL 18 counts lists of all lengths as one statement")
    groups: dict[tuple[Table, str], dict[str, list[_Listed]]] = defaultdict(dict)
    for shape, lists in _lists(case).items():
        # Several lists vary together, and one finding a statement is enough.
        column = max(lists, key=lambda each: max(one.length for one in lists[each]))
        found = lists[column]
        if _varies(found, limits) or _is_long(case, found, limits):
            groups[column][shape] = found
    for (table, name), shapes in groups.items():
        yield _finding(case, table, name, shapes)


def _lists(case: Case) -> Mapping[str, Mapping[tuple[Table, str], list[_Listed]]]:
    """By shape of statement and column, all lists that are written out."""
    lists: dict[str, dict[tuple[Table, str], list[_Listed]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for table, use in case.uses():
        if use.statement.source != "pg_stat_statements":
            continue
        for predicate in use.relation.predicates:
            if length := len(predicate.list_parameters):
                listed = _Listed(statement=use.statement, length=length)
                lists[case.shape_of(use.statement)][table, predicate.column].append(listed)
    return lists


def _varies(found: list[_Listed], limits: Limits) -> bool:
    lengths = {listed.length for listed in found}
    return len(lengths) >= limits.min_variants_count and max(lengths) >= limits.min_longest_count


def _is_long(case: Case, found: list[_Listed], limits: Limits) -> bool:
    long = [listed.statement for listed in found if listed.length >= limits.min_long_list_count]
    share = sum(case.share_of(statement) for statement in long)
    return bool(long) and share >= limits.min_share_ratio


def _finding(case: Case, table: Table, column: str, shapes: Mapping[str, list[_Listed]]) -> Finding:
    listed = sorted(
        (one for found in shapes.values() for one in found),
        key=lambda one: -one.statement.total_time_ms,
    )
    statements = tuple({one.statement.id: one.statement for one in listed}.values())
    subject = f"{table.qualified_name}.{column}"
    longest = max(one.length for one in listed)
    return Finding(
        subject=subject,
        summary=f"Lists of up to {format_count(longest)} values of {subject} make "
        f"{_entries(len(statements))} of {_kinds(len(shapes))}",
        detail=_detail(case, len(statements) - len(shapes)),
        evidence=tuple(_evidence(case, statements, longest)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=("the server is older than PostgreSQL 18", "the values are no short enum"),
        remedies=(_remedy(table, column), *_rewrites(case, shapes)),
        impact=Impact(risk="no prepared statement and no plan serves two lengths of the list"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{format_count(count)} entries"


def _kinds(count: int) -> str:
    return "one statement" if count == 1 else f"{format_count(count)} statements"


def _detail(case: Case, superfluous: int) -> str:
    info = case.snapshot.server.statements_info
    if superfluous == 0 or info is None or not info.max_entries:
        return ""
    return (
        f"With arrays there would be {format_count(superfluous)} fewer; "
        f"pg_stat_statements has room for {format_count(info.max_entries)}."
    )


def _evidence(case: Case, statements: tuple[Statement, ...], longest: int) -> Iterator[Evidence]:
    yield Evidence(
        name="entries", value=len(statements), unit="statements", source="pg_stat_statements.query"
    )
    yield Evidence(
        name="values in the longest list",
        value=longest,
        unit="values",
        source="pg_stat_statements.query",
    )
    yield Evidence(
        name="share of execution time",
        value=format_ratio(case.share_of_all(statements)),
        source="pg_stat_statements.total_exec_time",
    )


def _rewrites(case: Case, shapes: Mapping[str, list[_Listed]]) -> Iterator[RewriteStatement]:
    """Of each statement the shortest form: all of them become the same."""
    for found in list(shapes.values())[:_MAX_REWRITES]:
        shortest = min(found, key=lambda one: one.length).statement
        after = any_array(shortest.text, case.catalog)
        if after is not None and len(shortest.text) <= _MAX_CHARACTERS:
            yield RewriteStatement(
                before=shortest.text, after=after.text, condition=after.condition
            )


def _remedy(table: Table, column: str) -> ManualSteps:
    found = table.column(column)
    array = f"$1::{found.type_name}[]" if found is not None else "$1"
    name = quote_identifier(column)
    return ManualSteps(
        title=f"Pass the values of {table.qualified_name}.{column} as an array",
        steps=(
            (
                f"Write `{name} = ANY ({array})` in place of IN, and `{name} <> ALL ({array})` in "
                "place of NOT IN; drivers pass a list or an array as one parameter."
            ),
            (
                "Where a library writes the list, let it round lengths up, as "
                "`hibernate.query.in_clause_parameter_padding` does, or use its way to pass an "
                "array."
            ),
            (
                f"With ten thousand values and more, join `unnest({array})` or a temporary table "
                "that has been analysed."
            ),
        ),
    )
