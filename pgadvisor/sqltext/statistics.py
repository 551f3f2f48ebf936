"""SQL and names of extended statistics."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from pgadvisor.model.action import CreateStatistics
from pgadvisor.sqltext.index import NAME_PREFIX
from pgadvisor.sqltext.quote import (
    MAX_IDENTIFIER_BYTES,
    cut_identifier,
    qualified,
    quote_identifier,
)

_HASH_DIGITS = 6


def create_statistics_sql(action: CreateStatistics) -> str:
    """CREATE STATISTICS, without a trailing semicolon."""
    kinds = f" ({', '.join(action.kinds)})" if action.kinds else ""
    return (
        f"CREATE STATISTICS IF NOT EXISTS {qualified(action.schema, action.name)}{kinds} "
        f"ON {_of_what(action.columns, action.expressions)} "
        f"FROM {qualified(action.schema, action.table)}"
    )


def drop_statistics_sql(action: CreateStatistics) -> str:
    """What takes it back."""
    return f"DROP STATISTICS IF EXISTS {qualified(action.schema, action.name)}"


def statistics_name(
    schema: str, table: str, columns: Sequence[str], expressions: Sequence[str] = ()
) -> str:
    """Name statistics after their table and columns, with a hash so that no two collide.

    The name is at most 63 bytes, cut between characters.
    """
    words = [*columns, *("_".join(re.findall(r"[a-z0-9]+", e.lower())) for e in expressions)]
    text = f"{schema}.{table} {_of_what(columns, expressions)}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]
    room = MAX_IDENTIFIER_BYTES - _HASH_DIGITS - 1
    readable = "_".join([NAME_PREFIX, table, *words, "stats"])
    return f"{cut_identifier(readable, room)}_{digest}"


def _of_what(columns: Sequence[str], expressions: Sequence[str]) -> str:
    return ", ".join((*map(quote_identifier, columns), *(f"({e})" for e in expressions)))
