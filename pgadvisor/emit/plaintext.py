"""Text of strangers for terminals: without what a terminal would act upon."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
"""Embeddings, overrides, isolates and marks: they show a text in another order than it has."""


def printable(text: str) -> str:
    """Drop control characters and changes of direction; newlines and tabs stay."""
    return "".join(
        c
        for c in text
        if c in _KEPT or (c not in _BIDI and unicodedata.category(c) not in {"Cc", "Cs"})
    )


def one_line(text: str) -> str:
    """The same on one line: any run of white space becomes a blank."""
    # Twice: a line break is a blank before it is dropped, and what is dropped may leave two.
    return " ".join(printable(" ".join(text.split())).split())


def segments(text: str) -> tuple[tuple[str, bool], ...]:
    """Split a sentence at its backticks: each part, and whether it is code.

    An odd number of them means nothing of the kind, and the text is one part.
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return ((text, False),)
    return tuple((part, number % 2 == 1) for number, part in enumerate(parts) if part)


def shortened(text: str, length: int) -> str:
    """One line of at most that many characters, with an ellipsis where it was longer."""
    line = one_line(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"
