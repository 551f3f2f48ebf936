"""Quoting of names, literals and comments."""

from __future__ import annotations

from collections.abc import Sequence

MAX_IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer names silently (``NAMEDATALEN - 1``)."""


def quote_identifier(name: str) -> str:
    """Quote a name, always: ``we"ird`` becomes ``"we""ird"``.

    Raises:
        ValueError: The name is empty or holds a NUL, which no identifier can.
    """
    if not name or "\0" in name:
        raise ValueError(f"{name!r} cannot be an identifier")
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """Quote a name with its schema."""
    return f"{quote_identifier(schema)}.{quote_identifier(name)}"


def quote_literal(text: str) -> str:
    """Quote a string constant, with backslashes safe whatever ``standard_conforming_strings`` is.

    Raises:
        ValueError: The text holds a NUL, which no string constant can.
    """
    if "\0" in text:
        raise ValueError("a string constant cannot hold a NUL")
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def quote_array(values: Sequence[str]) -> str:
    """Quote an array of one dimension as a string constant: ``'{"a","b c"}'``.

    Raises:
        ValueError: A value holds a NUL, which no string constant can.
    """
    written = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return quote_literal("{" + ",".join(f'"{value}"' for value in written) + "}")


def comment(text: str) -> str:
    """Make a ``--`` comment of one line: what would end the line becomes a blank."""
    safe = "".join(c if c.isprintable() else " " for c in text)
    return f"-- {safe}".rstrip()


def cut_identifier(name: str, max_bytes: int = MAX_IDENTIFIER_BYTES) -> str:
    """Cut a name to a number of bytes without cutting a character in two."""
    return name.encode()[:max_bytes].decode(errors="ignore")
