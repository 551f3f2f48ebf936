"""The text forms of arrays, composite values and ranges: each element replaced, the rest kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pgadvisor.snapshotfile.sink import HiddenError

Replace = Callable[[str], str]

_ARRAY_PART = re.compile(
    r'(?P<bounds>^(?:\[-?\d+:-?\d+\])+=)|(?P<mark>[{},])|"(?P<quoted>(?:[^"\\]|\\.)*)"'
    r'|(?P<plain>[^{},"\s\\](?:[^{},"\\]|\\.)*)|(?P<blank>\s+)',
    re.DOTALL,
)
_FIELD = re.compile(r'(?:"(?:[^"\\]|\\.|"")*"|[^",()\[\]\\]|\\.)*', re.DOTALL)
_QUOTED_RUN = re.compile(r'"((?:[^"\\]|\\.|"")*)"|((?:[^"\\]|\\.)+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_RANGE = re.compile(r"\s*([\[(])(.*)([\])])\s*", re.DOTALL)


def replace_elements(array: str, replace: Replace) -> str:
    """Replace the elements of an array of any dimensions, NULLs left out.

    Raises:
        HiddenError: The text is no array.
    """
    parts = []
    depth = 0
    for match in _matches(_ARRAY_PART, array):
        kind, text = match.lastgroup, match[0]
        if depth == 0 and kind in {"quoted", "plain"}:
            raise HiddenError
        if kind == "mark":
            depth += {"{": 1, "}": -1, ",": 0}[text]
            parts.append(text)
        elif kind == "quoted":
            parts.append(_quoted(replace(_ESCAPED.sub(r"\1", match["quoted"]))))
        elif kind == "plain":
            parts.append(_plain_element(text, replace))
        elif kind == "bounds":
            parts.append(text)
        if depth <= 0 and kind != "bounds" and match.end() != len(array):
            raise HiddenError
    if depth or not parts:
        raise HiddenError
    return "".join(parts)


def split_fields(composite: str) -> list[str | None]:
    """Read the fields of a composite value; None for NULL.

    Raises:
        HiddenError: The text is no composite value.
    """
    if not (composite.startswith("(") and composite.endswith(")")):
        raise HiddenError
    return _fields(composite[1:-1])


def join_fields(fields: list[str | None]) -> str:
    """Write a composite value."""
    return f"({','.join('' if field is None else _quoted(field) for field in fields)})"


def split_range(text: str) -> tuple[str, str | None, str | None, str] | None:
    """Read a range: its brackets around its two bounds, None for a bound at infinity.

    Returns:
        None for the empty range.

    Raises:
        HiddenError: The text is no range.
    """
    if text.strip().lower() == "empty":
        return None
    match = _RANGE.fullmatch(text)
    if match is None:
        raise HiddenError
    fields = _fields(match[2])
    if len(fields) != 2:  # noqa: PLR2004  (lower and upper)
        raise HiddenError
    return match[1], fields[0], fields[1], match[3]


def join_range(opening: str, lower: str | None, upper: str | None, closing: str) -> str:
    """Write a range."""
    inner = ",".join("" if bound is None else _quoted(bound) for bound in (lower, upper))
    return f"{opening}{inner}{closing}"


def _fields(inner: str) -> list[str | None]:
    fields: list[str | None] = []
    position = 0
    while True:
        match = _FIELD.match(inner, position)
        end = position if match is None else match.end()
        fields.append(_unquoted(inner[position:end]))
        if end == len(inner):
            return fields
        if inner[end] != ",":
            raise HiddenError
        position = end + 1


def _unquoted(field: str) -> str | None:
    """Read a field; quotes may begin and end within it."""
    if not field:
        return None
    runs = []
    for match in _matches(_QUOTED_RUN, field):
        quoted, plain = match.groups()
        runs.append(_ESCAPED.sub(r"\1", plain if quoted is None else quoted.replace('""', '\\"')))
    return "".join(runs)


def _plain_element(text: str, replace: Replace) -> str:
    value = text.rstrip()
    if value.upper() == "NULL":
        return value
    return _quoted(replace(_ESCAPED.sub(r"\1", value)))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Read a text from end to end with one pattern."""
    position = 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None or match.end() == position:
            raise HiddenError
        yield match
        position = match.end()
