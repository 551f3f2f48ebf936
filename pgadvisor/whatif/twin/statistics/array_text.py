"""Arrays as texts that the server reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def array_literal(values: Sequence[str | None] | None) -> str | None:
    """Texts as an array literal: ``{"a",NULL}``, quotes escaped; None stays None."""
    if values is None:
        return None
    if values and None not in values:
        # There may be millions, hardly any of which has anything to escape.
        plain = '","'.join(values)  # type: ignore[arg-type]  # none is None
        if "\\" not in plain and plain.count('"') == 2 * (len(values) - 1):
            return f'{{"{plain}"}}'
    return "{" + ",".join(map(_element, values)) + "}"


def numbers_literal(values: Iterable[float] | None) -> str | None:
    """Numbers as an array literal, none of their digits lost; None stays None."""
    return None if values is None else "{" + ",".join(map(repr, map(float, values))) + "}"


def row_literal(values: Iterable[str | None]) -> str:
    """Texts as the literal of a row: ``("a",,"b")``, where nothing is NULL."""
    return "(" + ",".join("" if value is None else _element(value) for value in values) + ")"


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
