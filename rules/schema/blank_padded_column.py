"""Columns of type character(n) whose values are mostly shorter, and padded with blanks."""

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
    Provenance,
    RelationKind,
    Severity,
    Table,
    format_ratio,
    format_size,
    qualified,
    quote_identifier,
    rule,
    table_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the column may be padding."""

    min_padded_ratio: float = 0.5
    """Share of the values that are shorter than the type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Padding:
    """What the sampled values say of all."""

    padded_ratio: float
    """Of the values that are not NULL."""
    mean_blanks_bytes: float
    """Of all values that are not NULL."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def blank_padded_column(case: Case, limits: Limits) -> Outcome:
    """A column is character(n), and most of its values are padded with blanks.

    ## Why it matters
    PostgreSQL fills a character(n) up to its length, on disk, in memory and in every index; it
    is no faster for that.  And the blanks come and go: ``=`` does not see them, LIKE and regular
    expressions do, a cast to text drops them, and a driver may hand them on.

    ## What it leaves alone
    Codes that fill their type, such as countries and currencies; single characters; small
    tables; materialised views; and varchar(n), which has a limit and no padding.

    ## Before you act
    The change rewrites the table, and all that refers to the column has to change with it.
    Statements that write the blanks out will find nothing any more.

    ## Example
        CREATE TABLE parts (code character(20));  -- 'A-17' takes 20 bytes
        ALTER TABLE parts ALTER COLUMN code TYPE text;  -- the cast drops the blanks
    """
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW or not case.is_large_enough(table):
            continue
        columns = [c for c in table.columns if _is_padded_type(c)]
        unknown = {c.name: why for c in columns if (why := _unknown(case, table, c))}
        if unknown:
            names, why = ", ".join(unknown), next(iter(unknown.values()))
            yield case.skip_table(table, f"how long {names} is cannot be told: {why}")
        for column in columns:
            padding = _padding(case.statistics_of(table, column.name))
            if column.name in unknown or padding is None:
                continue
            if padding.padded_ratio >= limits.min_padded_ratio:
                yield _finding(case, table, column, padding)


def _is_padded_type(column: Column) -> bool:
    base = column.base_type_name or column.type_name
    return base == "character" and column.type_name != "character(1)"


def _unknown(case: Case, table: Table, column: Column) -> str:
    if case.snapshot.redaction.level != "none":
        return "the snapshot is redacted, and its values may be pseudonyms"
    statistics = case.statistics_of(table, column.name)
    if statistics is not None and statistics.null_ratio >= 1.0:
        return ""  # there is nothing that could be padded
    if _padding(statistics) is None:
        return "the statistics of its values are not there"
    return ""


def _padding(statistics: ColumnStatistics | None) -> _Padding | None:
    """How the values are padded; None where no value is known."""
    weights = tuple(_weights(statistics)) if statistics else ()
    total = sum(weight for _, weight in weights)
    if total <= 0:
        return None
    blanks = [(len(value) - len(value.rstrip(" ")), weight) for value, weight in weights]
    return _Padding(
        padded_ratio=sum(weight for count, weight in blanks if count) / total,
        mean_blanks_bytes=sum(count * weight for count, weight in blanks) / total,
    )


def _weights(statistics: ColumnStatistics) -> Iterator[tuple[str, float]]:
    """Values with the share of the rows that each stands for."""
    common = statistics.most_common_values or ()
    ratios = statistics.most_common_ratios or ()
    yield from zip(common, ratios, strict=False)
    bounds = statistics.histogram_bounds or ()
    rest = max(1.0 - statistics.null_ratio - sum(ratios), 0.0)
    for value in bounds:
        yield value, rest / len(bounds)


def _finding(case: Case, table: Table, column: Column, padding: _Padding) -> Finding:
    name = f"{table.qualified_name}.{column.name}"
    statistics = case.statistics_of(table, column.name)
    filled = case.rows_of(table) * (1.0 - (statistics.null_ratio if statistics else 0.0))
    wasted_bytes = round(filled * padding.mean_blanks_bytes)
    return Finding(
        subject=name,
        summary=f"{name} is {column.type_name}, and {format_ratio(padding.padded_ratio)} of its "
        f"values are padded with blanks: {format_size(wasted_bytes)} of them",
        evidence=(
            Evidence(
                name="values that are padded",
                value=round(padding.padded_ratio, 4),
                unit="ratio",
                source="pg_stats.most_common_vals, histogram_bounds",
            ),
            Evidence(
                name="blanks of an average value",
                value=round(padding.mean_blanks_bytes, 1),
                unit="bytes",
                source="pg_stats.most_common_vals, histogram_bounds",
            ),
            table_rows(case, table),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=("most values do not fill the type", "the table is not small"),
        remedies=(_remedy(table, column),),
        impact=Impact(freed_bytes=wasted_bytes, risk="patterns and drivers see the blanks"),
    )


def _remedy(table: Table, column: Column) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)}"
    name = quote_identifier(column.name)
    return ManualSteps(
        title=f"Make {table.qualified_name}.{column.name} a text",
        steps=(
            "Look for statements that write the blanks out, and for columns that refer to it.",
            (
                f"`{alter} ALTER COLUMN {name} TYPE text` drops the blanks; it rewrites the table "
                "and its indexes, and nobody can read it meanwhile."
            ),
            (
                "If the length matters, add a CHECK on length(...) NOT VALID, and validate it: "
                "such a limit can be changed without a rewrite."
            ),
            f"The way back is `{alter} ALTER COLUMN {name} TYPE {column.type_name}`.",
        ),
    )
