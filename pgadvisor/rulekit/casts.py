"""Casts of columns: those that a statement writes, and those that PostgreSQL makes by itself."""

from __future__ import annotations

import re

from pgadvisor.model.usage import WrappedPredicate

_TARGETS = frozenset({"::numeric", "::double precision", "::real", "::text"})


def writes_cast(text: str, column: str) -> bool:
    """Whether a statement's text casts a column of that name itself."""
    name = re.escape(column.lower())
    plain = text.lower().replace('"', "")
    return bool(re.search(rf"\b{name}\s*::|\bcast\s*\(\s*(?:\w+\.)*{name}\s+as\b", plain))


def is_implicit_cast(wrapped: WrappedPredicate, text: str) -> bool:
    """Whether the column is wrapped in a cast alone that the statement does not write."""
    return (
        wrapped.wrapper in _TARGETS
        and wrapped.expression.startswith("CAST(")
        and not writes_cast(text, wrapped.column)
    )
