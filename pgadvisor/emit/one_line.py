"""SQL without control characters, so that it is the same wherever it is shown and pasted."""

from __future__ import annotations

import re

from pgadvisor.parse.grammar import StatementError, Token, replace_tokens

_PLAIN = re.compile(r"'((?:[^']|'')*)'")
_ESCAPED = re.compile(r"[eE]'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPE_PAIR = re.compile(r"\\.|[^\\]", re.DOTALL)
_DOLLAR = re.compile(r"(\$[^$]*\$)(.*)\1", re.DOTALL)
_NAME_ESCAPES = ("\\{:04x}", "\\+{:06x}")
_TEXT_ESCAPES = ("\\u{:04x}", "\\U{:08x}")
_MAX_SHORT = 0xFFFF


def one_line(sql: str) -> str:
    r"""Escape what cannot be printed in the names and constants of a statement.

    A line break in a quoted name is allowed, but a line that begins with a backslash looks like
    a command of psql, and a terminal or a web page drops what it must not show: the text would
    then mean something else.  ``U&"a\000ab"`` and ``E'a\u000ab'`` mean the same and are safe.
    A text that cannot be taken apart stays as it is.
    """
    if sql.isprintable():
        return sql
    try:
        return replace_tokens(sql, _escaped)
    except StatementError:
        return sql


def _escaped(token: Token, written: str) -> str | None:
    if written.isprintable():
        return None
    if token.name == "IDENT" and written.startswith('"'):
        return "U&" + _numbered(written.replace("\\", "\\\\"), _NAME_ESCAPES)
    if token.name == "SCONST" and (body := _escape_string_body(written)) is not None:
        return f"E'{_numbered(body, _TEXT_ESCAPES)}'"
    return None


def _escape_string_body(written: str) -> str | None:
    """What stands inside ``E'...'`` for a constant; None where it has several parts."""
    if (match := _PLAIN.fullmatch(written)) is not None:
        return match[1].replace("\\", "\\\\")
    if (match := _ESCAPED.fullmatch(written)) is not None:
        pairs = (pair[0] for pair in _ESCAPE_PAIR.finditer(match[1]))
        # A backslash before a line break is just the line break.
        return "".join(pair if pair.isprintable() else pair[-1] for pair in pairs)
    if (match := _DOLLAR.fullmatch(written)) is not None:
        return match[2].replace("\\", "\\\\").replace("'", "''")
    return None


def _numbered(text: str, escapes: tuple[str, str]) -> str:
    """Write each character that cannot be printed by its number."""
    return "".join(
        character
        if character.isprintable()
        else escapes[ord(character) > _MAX_SHORT].format(ord(character))
        for character in text
    )
