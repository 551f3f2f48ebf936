"""Text columns in which every value is a UUID."""

import math
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
    Index,
    ManualSteps,
    MiB,
    Outcome,
    PredicateKind,
    Provenance,
    RelationKind,
    Severity,
    Table,
    columns_in,
    foreign_keys_of,
    format_size,
    qualified,
    quote_identifier,
    rule,
)

_TEXTS = {"text", "character varying", "character"}
_DASHES = (8, 13, 18, 23)
_LENGTH = 36
_HEX = frozenset("0123456789abcdefABCDEF")
_WIDTH_BYTES = _LENGTH + 1
"""Of a UUID as text, with the byte that holds its length."""
_UUID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it is worth a rewrite of the table."""

    min_values_count: int = 20
    """Values that the statistics have to hold, all of them UUIDs."""

    min_saved_bytes: int = 64 * MiB
    """Of the table and of the indexes that hold the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wide:
    """A column of UUIDs that are kept as text."""

    table: Table
    column: Column
    statistics: ColumnStatistics
    indexes: tuple[Index, ...]
    saved_bytes: int


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def uuid_in_text(case: Case, limits: Limits) -> Outcome:
    """A text column holds nothing but UUIDs.

    ## Why it matters
    A UUID takes 16 bytes as uuid and 37 as text, in the table and in every index that holds it;
    the indexes of such keys are often what does not fit into the cache.  Text is compared by its
    collation, which costs far more than comparing 16 bytes.  And nothing keeps out what is no
    UUID, or the same one in capitals.

    ## What it leaves alone
    Columns without an index; tables and indexes where little would be saved; materialised views;
    columns of whose known values a single one is not in the form of a UUID; and columns that a
    statement searches by a pattern or through a function, or that an index on an expression
    holds.

    ## Before you act
    The sample of ANALYZE may have missed the one value that is no UUID: the change then fails.
    All columns that refer to it, and those that it is joined with, have to change together.
    Applications that pass text go on to work; a uuid comes back in small letters.

    ## Example
        ALTER TABLE orders ALTER COLUMN token TYPE uuid USING token::uuid;  -- rewrites the table
    """
    for table in case.user_tables:
        if table.kind is RelationKind.MATERIALIZED_VIEW or not case.is_large_enough(table):
            continue
        if unknown := _never_analysed(case, table):
            yield case.skip_table(
                table, f"what {', '.join(unknown)} holds is not known: no statistics"
            )
        hidden = []
        for wide in _wide(case, table):
            if wide.saved_bytes < limits.min_saved_bytes:
                continue
            if case.snapshot.redaction.level != "none":
                hidden.append(wide.column.name)
            elif _holds_only_uuids(wide.statistics, limits.min_values_count):
                yield _finding(case, wide)
        if hidden:
            yield case.skip_table(
                table,
                f"values of {', '.join(hidden)} are as wide as UUIDs, but the snapshot is "
                "redacted, and they may be pseudonyms",
            )


def _never_analysed(case: Case, table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if (column.base_type_name or column.type_name) in _TEXTS
        and case.statistics_of(table, column.name) is None
        and _indexes(case, table, column)
    ]


def _indexes(case: Case, table: Table, column: Column) -> tuple[Index, ...]:
    return tuple(
        index
        for index in case.indexes_of(table)
        if column.name in {*index.key_columns, *index.include}
    )


def _is_used_as_text(case: Case, table: Table, column: Column) -> bool:
    """A statement or an index does with it what only a text can take."""
    relations = [use.relation for use in case.uses_of(table)]
    return (
        any(
            p.column == column.name and p.kind is PredicateKind.PATTERN
            for relation in relations
            for p in relation.predicates
        )
        or any(w.column == column.name for relation in relations for w in relation.wrapped)
        or any(
            index.access_method not in {"btree", "hash"} for index in _indexes(case, table, column)
        )
        or any(
            key.expression is not None and column.name in columns_in(key.expression)
            for index in case.indexes_of(table)
            for key in index.keys
        )
    )


def _wide(case: Case, table: Table) -> Iterator[_Wide]:
    """Indexed text columns whose values are as wide as UUIDs."""
    for column in table.columns:
        if (column.base_type_name or column.type_name) not in _TEXTS:
            continue
        statistics = case.statistics_of(table, column.name)
        indexes = _indexes(case, table, column)
        if statistics is None or not indexes or _is_used_as_text(case, table, column):
            continue
        if statistics.average_width_bytes == _WIDTH_BYTES:
            filled = case.rows_of(table) * (1.0 - statistics.null_ratio)
            yield _Wide(
                table=table,
                column=column,
                statistics=statistics,
                indexes=indexes,
                saved_bytes=math.floor(filled * (_WIDTH_BYTES - _UUID_BYTES) * (1 + len(indexes))),
            )


def _holds_only_uuids(statistics: ColumnStatistics, min_values_count: int) -> bool:
    values = (*(statistics.most_common_values or ()), *(statistics.histogram_bounds or ()))
    return len(values) >= min_values_count and all(map(_is_uuid, values))


def _is_uuid(value: str) -> bool:
    return len(value) == _LENGTH and all(
        letter == "-" if at in _DASHES else letter in _HEX for at, letter in enumerate(value)
    )


def _finding(case: Case, wide: _Wide) -> Finding:
    name = f"{wide.table.qualified_name}.{wide.column.name}"
    count = len(wide.indexes)
    where = "an index" if count == 1 else f"{count} indexes"
    return Finding(
        subject=name,
        summary=f"{name} holds UUIDs as {wide.column.type_name}: as uuid, the table and "
        f"{where} would be {format_size(wide.saved_bytes)} smaller",
        evidence=(
            Evidence(
                name="average width",
                value=wide.statistics.average_width_bytes,
                unit="bytes",
                source="pg_stats.avg_width",
            ),
            Evidence(
                name="values that were looked at, all of them UUIDs",
                value=len(wide.statistics.most_common_values or ())
                + len(wide.statistics.histogram_bounds or ()),
                unit="values",
                source="pg_stats.most_common_vals, histogram_bounds",
            ),
            Evidence(
                name="rows",
                value=round(case.rows_of(wide.table)),
                unit="rows",
                source="pg_class.reltuples, scaled by the length now",
            ),
            Evidence(
                name="indexes that hold it", value=count, unit="indexes", source="pg_index.indkey"
            ),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            "all known values are UUIDs",
            "an index holds the column",
            "nothing treats it as a text",
        ),
        remedies=(_remedy(case, wide),),
        impact=Impact(freed_bytes=wide.saved_bytes),
    )


def _remedy(case: Case, wide: _Wide) -> ManualSteps:
    table, column = wide.table, wide.column
    name = quote_identifier(column.name)
    alter = f"ALTER TABLE {qualified(table.schema, table.name)} ALTER COLUMN {name} TYPE"
    related = dict.fromkeys(_related(case, table, column))
    steps = [
        "Look for columns that it is joined with: they change together with it.",
        (
            f"`{alter} uuid USING {name}::uuid` rewrites the table and its indexes, and nobody can "
            "read it meanwhile. Where that takes too long: add a uuid column, fill it by a trigger "
            "and in batches, build its indexes concurrently, and swap the names in one short "
            "transaction."
        ),
        f"The way back is `{alter} {column.type_name} USING {name}::text`.",
    ]
    if related:
        steps.insert(
            1, f"Foreign keys tie it to {', '.join(related)}: drop them and add them again."
        )
    return ManualSteps(
        title=f"Make {table.qualified_name}.{column.name} a uuid", steps=tuple(steps)
    )


def _related(case: Case, table: Table, column: Column) -> Iterator[str]:
    """Columns that refer to this one, or that it refers to."""
    for key in case.catalog.foreign_keys_to[table.oid]:
        child = case.catalog.tables.get(key.table_oid)
        for own, other in zip(key.columns, key.referenced_columns, strict=False):
            if child is not None and other == column.name and not key.is_inherited:
                yield f"{child.qualified_name}.{own}"
    for key in foreign_keys_of(case, table):
        parent = case.catalog.tables.get(key.referenced_table_oid or 0)
        for own, other in zip(key.columns, key.referenced_columns, strict=False):
            if parent is not None and own == column.name:
                yield f"{parent.qualified_name}.{other}"
