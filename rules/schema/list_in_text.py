"""Lists of keys that are kept as one text."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    ColumnStatistics,
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
    format_ratio,
    quote_identifier,
    rule,
    share_of_time,
    table_rows,
)

_TEXTS = {"text", "character varying", "character"}
_SEPARATORS = (",", ";", "|")
_SPLITTING = frozenset(
    {
        "string_to_array",
        "string_to_table",
        "regexp_split_to_array",
        "regexp_split_to_table",
        "split_part",
        "strpos",
        "position",
    }
)
"""Functions that take a text apart, or look for a part of it."""
_MIN_KEYS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a text is surely a list."""

    min_values_count: int = 20
    """Values that the statistics have to hold, all of them keys or lists of keys."""

    min_list_ratio: float = 0.5
    """Share of them that are lists of two keys and more."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def list_in_text(case: Case, limits: Limits) -> Outcome:
    """A text column holds lists of keys, and is searched for one of them.

    ## Why it matters
    `',' || tag_ids || ',' LIKE '%,7,%'` reads every row: no index finds a key inside a text, but
    one of trigrams, which is larger than the table.  No foreign key keeps the ids true, and
    adding one is a race between two that write the whole list.

    ## What it leaves alone
    Columns whose known values are not all whole numbers, or lists of them; columns that no known
    statement searches by a pattern or takes apart: what is only stored and shown does no harm;
    and small tables.  Of a redacted snapshot nothing is known, and it says so.

    ## Before you act
    Everything that writes the column has to change with it.  An array (`bigint[]`) with a GIN
    index is the small step; a table with one row for each pair is what foreign keys, counts and
    joins want.

    ## Example
        SELECT * FROM articles WHERE ',' || tag_ids || ',' LIKE '%,7,%';
        SELECT * FROM articles WHERE tag_ids @> ARRAY[7];  -- bigint[], with a GIN index
    """
    is_redacted = case.snapshot.redaction.level != "none"
    why = "the snapshot is redacted" if is_redacted else "no statistics"
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW or not case.is_large_enough(table):
            continue
        unknown = []
        for column in table.columns:
            if (column.base_type_name or column.type_name) not in _TEXTS:
                continue
            uses = tuple(use for use in case.uses_of(table) if _takes_apart(use, column))
            if not uses:
                continue
            known = case.statistics_of(table, column.name)
            if known is None or is_redacted:
                unknown.append(column.name)
            elif (ratio := _list_ratio(known, limits)) >= limits.min_list_ratio:
                yield _finding(case, table, column, ratio, uses)
        if unknown:
            yield case.skip_table(table, f"what {', '.join(unknown)} holds is not known: {why}")


def _takes_apart(use: StatementOnTable, column: Column) -> bool:
    """The statement looks for a part of the text."""
    if any(
        p.column == column.name and p.kind is PredicateKind.PATTERN for p in use.relation.predicates
    ) or any(
        w.column == column.name
        and (w.operator in {"~~", "~"} or any(f"{name}(" in w.expression for name in _SPLITTING))
        for w in use.relation.wrapped
    ):
        return True
    # `$1 = ANY (string_to_array(...))` compares no column: that it is read is all there is.
    is_split = not _SPLITTING.isdisjoint(use.usage.functions)
    return is_split and column.name in use.relation.output_columns


def _list_ratio(known: ColumnStatistics, limits: Limits) -> float:
    """Share of lists among the known values; 0 where one of them is something else."""
    values = (*(known.most_common_values or ()), *(known.histogram_bounds or ()))
    keys = [_key_count(value) for value in values if value]
    if len(keys) < limits.min_values_count or 0 in keys:
        return 0.0
    # A pair may be a number with a decimal comma or of thousands, or a place.
    if max(keys) <= _MIN_KEYS:
        return 0.0
    return sum(count >= _MIN_KEYS for count in keys) / len(keys)


def _key_count(value: str) -> int:
    """How many whole numbers the text lists; 0: it is no such list."""
    separator = next((each for each in _SEPARATORS if each in value), ",")
    parts = [part.strip() for part in value.strip(separator + " ").split(separator)]
    return len(parts) if all(part.isdecimal() for part in parts) else 0


def _finding(
    case: Case, table: Table, column: Column, ratio: float, uses: tuple[StatementOnTable, ...]
) -> Finding:
    name = f"{table.qualified_name}.{column.name}"
    statements = {use.statement.id: use.statement for use in uses}
    return Finding(
        subject=name,
        summary=f"{name} is searched for one key of its lists: {format_ratio(ratio)} of its known "
        "values are several numbers in one text",
        evidence=tuple(_evidence(case, table, ratio, sum(map(case.share_of, statements.values())))),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "all of its known values are whole numbers or lists of them",
            "a statement looks for a part of the text",
        ),
        remedies=(_remedy(table, column),),
        impact=Impact(risk="each search reads all rows, and no key is checked"),
        statement_ids=tuple(statements),
    )


def _evidence(case: Case, table: Table, ratio: float, share: float) -> Iterator[Evidence]:
    yield Evidence(
        name="known values that are lists",
        value=round(ratio, 4),
        unit="ratio",
        source="pg_stats.most_common_vals, histogram_bounds",
    )
    yield table_rows(case, table)
    yield share_of_time(share)


def _remedy(table: Table, column: Column) -> ManualSteps:
    key = quote_identifier(column.name)
    return ManualSteps(
        title=f"Make rows or an array of {table.qualified_name}.{column.name}",
        steps=(
            (
                "Make a table with one row for each pair, with a primary key over both and foreign "
                f"keys, and fill it from `regexp_split_to_table({key}, ...)`."
            ),
            (
                "Or add a column of type bigint[] with a GIN index, fill it in batches, and ask it "
                "by `@> ARRAY[...]`."
            ),
            "Let the application write both for a while, read the new one, and drop the text then.",
        ),
    )
