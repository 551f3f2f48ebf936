"""The literals of a statement, by the numbers that its normalised text gives them."""

from __future__ import annotations

from collections.abc import Mapping

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError, Token

_CONSTANTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "FCONST", "ICONST"})
_MINUS = "ASCII_45"


def constants_of(text: str, normalised: str) -> Mapping[int, str] | None:
    """Find which literal of a statement stands where its normalised text has which ``$n``.

    Args:
        text: The statement as it was written.
        normalised: The same, or another of its kind, as ``normalise`` returns it.

    Returns:
        SQL by number; parameters of the text itself are not in it.  None: the texts differ in
        more than their literals.
    """
    try:
        written = [token for token in grammar.significant_tokens(text) if token.name != "ASCII_59"]
        wanted = grammar.significant_tokens(normalised)
    except StatementError:
        return None
    found: dict[int, str] = {}
    place = 0
    for token in wanted:
        if place >= len(written):
            return None
        there = written[place]
        if token.name == "PARAM" and there.name != "PARAM":
            taken = _constant(written, place)
            if not taken:
                return None
            last = written[place + taken - 1]
            found[int(normalised[token.start + 1 : token.end])] = text[there.start : last.end]
            place += taken
            continue
        if not _is_same(text, there, normalised, token):
            return None
        place += 1
    return found if place == len(written) else None


def _constant(tokens: list[Token], place: int) -> int:
    """How many tokens the constant at a place has: a number may have its sign; 0: there is none."""
    if tokens[place].name in _CONSTANTS:
        return 1
    is_signed = tokens[place].name == _MINUS and place + 1 < len(tokens)
    return 2 if is_signed and tokens[place + 1].name in {"ICONST", "FCONST"} else 0


def _is_same(text: str, one: Token, other_text: str, other: Token) -> bool:
    return one.name == other.name and (
        text[one.start : one.end].lower() == other_text[other.start : other.end].lower()
    )
