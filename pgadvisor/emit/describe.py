"""The objects of a snapshot in words, much as psql describes those of a database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.emit.plaintext import one_line, shortened
from pgadvisor.emit.words import plural
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, ConstraintKind, Index, RelationKind, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import format_count, format_ms, format_size

_KINDS = {
    RelationKind.TABLE: "table",
    RelationKind.PARTITIONED_TABLE: "partitioned table",
    RelationKind.MATERIALIZED_VIEW: "materialized view",
    RelationKind.FOREIGN_TABLE: "foreign table",
}
_GAP = "  "
_TEXT_WIDTH = 90


def describe_tables(catalog: Catalog) -> str:
    """List the tables with their rows and sizes, partitions left to their parents."""
    rows = [
        (
            table.qualified_name,
            _KINDS[table.kind],
            format_count(catalog.total_rows(table)),
            format_size(catalog.total_size_bytes(table)),
            str(len(catalog.indexes_by_table[table.oid])),
        )
        for table in sorted(catalog.snapshot.tables, key=lambda table: table.qualified_name)
        if not table.is_partition
    ]
    return in_columns((("table", "kind", "rows", "size", "indexes"), *rows), right={2, 3, 4})


def describe_table(table: Table, catalog: Catalog) -> str:
    """A table's columns, indexes and constraints."""
    size = format_size(catalog.total_size_bytes(table))
    head = (
        f"{_KINDS[table.kind]} {one_line(table.qualified_name)}: "
        f"{format_count(catalog.total_rows(table))} rows, {size}"
    )
    columns = [(column.name, column.type_name, _modifiers(column)) for column in table.columns]
    lines = [head, _indented(in_columns((("column", "type", ""), *columns)))]
    if table.partition_key:
        parts = plural(len(catalog.partitions[table.oid]), "partition")
        lines.append(f"partitioned by {one_line(table.partition_key)}: {parts}")
    for title, below in (
        ("indexes", [_index(i, catalog) for i in catalog.indexes_by_table[table.oid]]),
        ("constraints", list(_constraints(table, catalog))),
    ):
        if below:
            lines += [f"{title}:", *(f"  {line}" for line in below)]
    return "\n".join(lines)


def describe_statements(snapshot: Snapshot, limit: int) -> str:
    """The most expensive statements, numbered from 1.

    Args:
        snapshot: What holds them.
        limit: How many of them.
    """
    rows = [
        (
            str(number),
            format_ms(statement.total_time_ms),
            format_count(statement.calls_or_weight),
            format_ms(statement.mean_time_ms),
            shortened(statement.text, _TEXT_WIDTH),
        )
        for number, statement in enumerate(snapshot.statements, start=1)
        if number <= limit
    ]
    if not rows:
        return "the snapshot holds no statements"
    listed = in_columns(
        (("", "total time", "calls", "mean", "statement"), *rows), right={0, 1, 2, 3}
    )
    left = len(snapshot.statements) - len(rows)
    return f"{listed}\nand {left} more" if left else listed


def in_columns(
    rows: Sequence[Sequence[str]], *, right: frozenset[int] | set[int] = frozenset()
) -> str:
    """Lay rows out in columns that are as wide as they need to be.

    Args:
        rows: The first one is the heading.
        right: Numbers of the columns that are aligned to the right.
    """
    clean = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    lines = (
        _GAP.join(
            f"{cell:>{width}}" if number in right else f"{cell:<{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in clean
    )
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _modifiers(column: Column) -> str:
    words = ["not null"] if column.is_not_null else []
    if column.collation:
        words.append(f"collate {column.collation}")
    if column.identity:
        words.append("identity")
    elif column.generated:
        words.append(f"generated as ({column.default_sql})")
    elif column.default_sql:
        words.append(f"default {column.default_sql}")
    return ", ".join(words)


def _index(index: Index, catalog: Catalog) -> str:
    state = "" if index.is_valid else ", invalid"
    return f"{one_line(index.definition)}  ({format_size(_size(index, catalog))}{state})"


def _size(index: Index, catalog: Catalog) -> int:
    """Of an index and, on a partitioned table, of all its parts."""
    parts = (i for i in catalog.snapshot.indexes if i.parent_oid == index.oid)
    return index.size_bytes + sum(_size(part, catalog) for part in parts)


def _constraints(table: Table, catalog: Catalog) -> Iterator[str]:
    for constraint in catalog.constraints_by_table[table.oid]:
        if constraint.kind is not ConstraintKind.NOT_NULL:
            yield f"{one_line(constraint.name)}: {one_line(constraint.definition)}"
    for constraint in catalog.foreign_keys_to[table.oid]:
        owner = catalog.tables.get(constraint.table_oid)
        if owner is not None:
            yield (
                f"referenced by {one_line(owner.qualified_name)}: {one_line(constraint.definition)}"
            )
