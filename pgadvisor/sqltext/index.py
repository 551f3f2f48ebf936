"""SQL and names of indexes."""

from __future__ import annotations

import hashlib
import re

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.quote import (
    MAX_IDENTIFIER_BYTES,
    cut_identifier,
    qualified,
    quote_identifier,
    quote_literal,
)

NAME_PREFIX = "pgadv"
"""All indexes of ours begin so; nothing else is ever dropped by its name alone."""
_HASH_DIGITS = 6
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def key_sql(key: IndexKey, access_method: str = "btree") -> str:
    """One key column as CREATE INDEX wants it."""
    parts = [quote_identifier(key.column) if key.column is not None else f"({key.expression})"]
    if key.collation:
        parts.append(f"COLLATE {key.collation}")
    if key.operator_class and not key.is_default_operator_class:
        parts.append(key.operator_class)
    if access_method == "btree":
        if key.is_descending:
            parts.append("DESC" if key.nulls_first else "DESC NULLS LAST")
        elif key.nulls_first:
            parts.append("NULLS FIRST")
    return " ".join(parts)


def definition_sql(definition: IndexDefinition) -> str:
    """What stands after the table's name: ``USING btree (...) INCLUDE (...) WHERE ...``."""
    method = definition.access_method
    keys = ", ".join(key_sql(key, method) for key in definition.keys)
    text = f"({keys})" if method == "btree" else f"USING {quote_identifier(method)} ({keys})"
    if definition.include:
        text += f" INCLUDE ({', '.join(map(quote_identifier, definition.include))})"
    if definition.nulls_not_distinct:
        text += " NULLS NOT DISTINCT"
    if definition.options:
        options = (f"{quote_identifier(k)} = {_option_value(v)}" for k, v in definition.options)
        text += f" WITH ({', '.join(options)})"
    if definition.predicate:
        text += f" WHERE {definition.predicate}"
    return text


def create_index_sql(
    definition: IndexDefinition,
    name: str,
    *,
    concurrently: bool = False,
    only: bool = False,
    if_not_exists: bool = False,
    schema: str | None = None,
    table: str | None = None,
) -> str:
    """CREATE INDEX, without a trailing semicolon.

    Args:
        definition: The index.
        name: Its name; indexes live in the schema of their table.
        concurrently: Do not block writes while it is built.
        only: On a partitioned table, leave the partitions out.
        if_not_exists: Do nothing where the name is taken; to be followed by a check that what
            has the name is valid.
        schema: Of the table, where it is not the definition's own (a partition's).
        table: The table, where it is not the definition's own (a partition).
    """
    target = qualified(schema or definition.schema, table or definition.table)
    words = ["CREATE"]
    if definition.is_unique:
        words.append("UNIQUE")
    words.append("INDEX")
    if concurrently:
        words.append("CONCURRENTLY")
    if if_not_exists:
        words.append("IF NOT EXISTS")
    words += [quote_identifier(name), "ON"]
    if only:
        words.append("ONLY")
    return f"{' '.join(words)} {target} {definition_sql(definition)}"


def index_name(definition: IndexDefinition, table: str | None = None) -> str:
    """Name an index after its table and columns, with a hash so that no two collide.

    The same definition has the same name everywhere: on the twin, in the report, in the
    migration.  The name is at most 63 bytes, cut between characters.

    Args:
        definition: The index.
        table: The table, where it is a partition of the definition's own.
    """
    target = table or definition.table
    columns = [key.column or _words(key.expression or "") for key in definition.keys]
    text = f"{definition.schema}.{target} {definition_sql(definition)} {definition.is_unique}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
    readable = "_".join([NAME_PREFIX, target, *columns])
    room = MAX_IDENTIFIER_BYTES - _HASH_DIGITS - 1
    return f"{cut_identifier(readable, room)}_{digest}"


def describe_index(definition: IndexDefinition) -> str:
    """The index for people, unquoted where that is clear: ``public.orders (a, b DESC)``."""
    return f"{definition.schema}.{definition.table} {describe_keys(definition)}"


def describe_keys(definition: IndexDefinition) -> str:
    """The index for people without its table: ``(a, b DESC) INCLUDE (c)``."""
    return _unquoted(definition_sql(definition))


def _option_value(value: str) -> str:
    return value if _NUMBER.fullmatch(value) else quote_literal(value)


def _words(expression: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", expression.lower()))


def _unquoted(text: str) -> str:
    return re.sub(r'"([a-z_][a-z0-9_]*)"', r"\1", text)
