"""Builders of tables, columns, indexes, constraints and sequences."""

from __future__ import annotations

import math
import zlib
from dataclasses import replace
from typing import Any

from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Index,
    IndexKey,
    Sequence,
    Table,
)
from pgadvisor.sqltext.index import key_sql

ROWS_PER_PAGE = 80
"""Of built tables, where no size is given."""
BLOCK_BYTES = 8192

_VARIABLE = -1
_TYPES = {
    # name: OID, length in bytes, alignment in bytes
    "boolean": (16, 1, 1),
    "bytea": (17, _VARIABLE, 4),
    "bigint": (20, 8, 8),
    "smallint": (21, 2, 2),
    "integer": (23, 4, 4),
    "text": (25, _VARIABLE, 4),
    "json": (114, _VARIABLE, 4),
    "real": (700, 4, 4),
    "double precision": (701, 8, 8),
    "character": (1042, _VARIABLE, 4),
    "character varying": (1043, _VARIABLE, 4),
    "date": (1082, 4, 4),
    "timestamp without time zone": (1114, 8, 8),
    "timestamp with time zone": (1184, 8, 8),
    "interval": (1186, 16, 8),
    "numeric": (1700, _VARIABLE, 4),
    "uuid": (2950, 16, 1),
    "jsonb": (3802, _VARIABLE, 4),
    "text[]": (1009, _VARIABLE, 4),
    "integer[]": (1007, _VARIABLE, 4),
}
_ALIASES = {
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "varchar": "character varying",
    "int": "integer",
    "bool": "boolean",
}


def oid_of(name: str) -> int:
    """The OID that builders give to the object of that qualified name."""
    return 16_384 + zlib.crc32(name.encode()) % 2_000_000_000


def a_column(declaration: str, **fields: Any) -> Column:  # noqa: ANN401  (fields of Column)
    """Build a column from its declaration: ``status text not null``.

    Args:
        declaration: Name, type, and ``not null`` where it is.
        fields: Of :class:`Column`, where they differ.
    """
    name, _, rest = declaration.partition(" ")
    is_not_null = rest.endswith(" not null")
    written = rest.removesuffix(" not null")
    bare, bracket, modifier = written.partition("(")
    base = _ALIASES.get(bare, bare)
    oid, length, alignment = _TYPES.get(base, (oid_of(base), _VARIABLE, 4))
    built = Column(
        number=0,
        name=name,
        type_name=f"{base}{bracket}{modifier}",
        type_oid=oid,
        base_type_name=base,
        type_length_bytes=length,
        type_alignment_bytes=alignment,
        is_not_null=is_not_null,
    )
    return replace(built, **fields)


def a_table(
    name: str = "orders",
    *columns: str | Column,
    schema: str = "public",
    rows: float = 1_000_000,
    **fields: Any,  # noqa: ANN401  (fields of Table)
) -> Table:
    """Build a table.

    Args:
        name: Its name.
        columns: Declarations or built columns; none: those of a table of orders.
        schema: Its schema.
        rows: ``reltuples``; the size follows from it at 80 rows a page.
        fields: Of :class:`Table`, where they differ.
    """
    declared = columns or (
        "id bigint not null",
        "customer_id bigint",
        "status text",
        "note text",
        "created_at timestamptz not null",
    )
    built = [a_column(column) if isinstance(column, str) else column for column in declared]
    size_bytes = fields.get("size_bytes", math.ceil(max(rows, 0) / ROWS_PER_PAGE) * BLOCK_BYTES)
    pages = size_bytes // BLOCK_BYTES
    table = Table(
        oid=oid_of(f"{schema}.{name}"),
        schema=schema,
        name=name,
        columns=tuple(replace(c, number=c.number or at) for at, c in enumerate(built, 1)),
        rows=rows,
        size_bytes=size_bytes,
        pages=pages,
        all_visible_pages=pages,
        triggers=(),
    )
    return replace(table, **fields)


def an_index(
    table: Table,
    *keys: str | IndexKey,
    name: str = "",
    **fields: Any,  # noqa: ANN401  (fields of Index)
) -> Index:
    """Build an index.

    Args:
        table: What it is on.
        keys: Columns, ``column desc``, or built keys (expressions, operator classes).
        name: Its name; empty: made as PostgreSQL would.
        fields: Of :class:`Index`, where they differ.
    """
    built = tuple(_key(key) if isinstance(key, str) else key for key in keys)
    words = [key.column or "expr" for key in built]
    called = name or "_".join([table.name, *words, "idx"])
    rows = max(table.rows, 0.0)
    size_bytes = math.ceil(rows * 20 / BLOCK_BYTES) * BLOCK_BYTES
    index = Index(
        oid=oid_of(f"{table.schema}.{called}"),
        schema=table.schema,
        name=called,
        table_oid=table.oid,
        definition="",
        keys=built,
        size_bytes=size_bytes,
        pages=size_bytes // BLOCK_BYTES,
        rows=rows,
    )
    index = replace(index, **fields)
    return index if index.definition else replace(index, definition=_definition(table, index))


def a_primary_key(table: Table, *columns: str, name: str = "") -> tuple[Index, Constraint]:
    """Build a primary key: its index and its constraint."""
    called = name or f"{table.name}_pkey"
    index = an_index(
        table, *columns, name=called, is_unique=True, is_primary=True, constraint_name=called
    )
    return index, _constraint(table, ConstraintKind.PRIMARY_KEY, columns, called, index)


def a_unique_constraint(table: Table, *columns: str, name: str = "") -> tuple[Index, Constraint]:
    """Build a unique constraint and its index."""
    called = name or "_".join([table.name, *columns, "key"])
    index = an_index(table, *columns, name=called, is_unique=True, constraint_name=called)
    return index, _constraint(table, ConstraintKind.UNIQUE, columns, called, index)


def a_foreign_key(
    table: Table,
    columns: str | tuple[str, ...],
    referenced: Table,
    referenced_columns: str | tuple[str, ...] = "id",
    **fields: Any,  # noqa: ANN401  (fields of Constraint)
) -> Constraint:
    """Build a foreign key of ``table`` that refers to ``referenced``."""
    own = (columns,) if isinstance(columns, str) else columns
    other = (referenced_columns,) if isinstance(referenced_columns, str) else referenced_columns
    name = "_".join([table.name, *own, "fkey"])
    constraint = Constraint(
        oid=oid_of(f"{table.schema}.{table.name}.{name}"),
        name=name,
        kind=ConstraintKind.FOREIGN_KEY,
        table_oid=table.oid,
        columns=own,
        definition=(
            f"FOREIGN KEY ({', '.join(own)}) REFERENCES "
            f"{referenced.qualified_name}({', '.join(other)})"
        ),
        referenced_table_oid=referenced.oid,
        referenced_columns=other,
        on_delete="a",
    )
    return replace(constraint, **fields)


def a_sequence(
    table: Table,
    column: str,
    last_value: int | None,
    **fields: Any,  # noqa: ANN401  (fields of Sequence)
) -> Sequence:
    """Build the sequence of a serial or identity column."""
    name = f"{table.name}_{column}_seq"
    sequence = Sequence(
        oid=oid_of(f"{table.schema}.{name}"),
        schema=table.schema,
        name=name,
        last_value=last_value,
        table_oid=table.oid,
        column=column,
    )
    return replace(sequence, **fields)


def _key(text: str) -> IndexKey:
    column, _, direction = text.partition(" ")
    is_descending = direction == "desc"
    return IndexKey(column=column, is_descending=is_descending, nulls_first=is_descending)


def _definition(table: Table, index: Index) -> str:
    unique = "UNIQUE " if index.is_unique else ""
    keys = ", ".join(key_sql(key, index.access_method) for key in index.keys)
    text = (
        f'CREATE {unique}INDEX "{index.name}" ON "{table.schema}"."{table.name}" '
        f"USING {index.access_method} ({keys})"
    )
    if index.include:
        text += f" INCLUDE ({', '.join(index.include)})"
    return f"{text} WHERE {index.predicate}" if index.predicate else text


def _constraint(
    table: Table, kind: ConstraintKind, columns: tuple[str, ...], name: str, index: Index
) -> Constraint:
    word = "PRIMARY KEY" if kind is ConstraintKind.PRIMARY_KEY else "UNIQUE"
    return Constraint(
        oid=oid_of(f"{table.schema}.{table.name}.{name}"),
        name=name,
        kind=kind,
        table_oid=table.oid,
        columns=columns,
        definition=f"{word} ({', '.join(columns)})",
        index_oid=index.oid,
    )
