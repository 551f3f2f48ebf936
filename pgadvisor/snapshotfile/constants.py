"""Constants of an SQL text, decoded, with what stands around each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.parse.grammar import Token, tokens
from pgadvisor.parse.normalise import SQUASHED

STRINGS = frozenset({"SCONST", "USCONST"})
BITS = frozenset({"BCONST", "XCONST"})
NUMBERS = frozenset({"ICONST", "FCONST"})
CONSTANTS = STRINGS | BITS | NUMBERS

_TYPE_NAME = (
    r'(?:(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)\s*\.\s*)?'
    r"(?:double\s+precision|(?:character|bit)\s+varying(?:\s*\(\s*\d+\s*\))?"
    r"|time(?:stamp)?(?:\s*\(\s*\d+\s*\))?\s+with(?:out)?\s+time\s+zone"
    r'|(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)(?:\s*\(\s*-?\d+\s*(?:,\s*-?\d+\s*)?\))?)'
    r"(?:\s*\[\s*\d*\s*\])*"
)
_CAST = re.compile(rf"\s*::\s*({_TYPE_NAME})", re.IGNORECASE)
_AS_TYPE = re.compile(rf"\s*as\s+({_TYPE_NAME})\s*\)", re.IGNORECASE)
_PREFIX_TYPE = re.compile(
    r"\b(date|timestamp|timestamptz|time|interval|uuid|json|jsonb|bytea|inet|cidr|numeric|text"
    r"|boolean|bool|time(?:stamp)?\s+with(?:out)?\s+time\s+zone)\s*$",
    re.IGNORECASE,
)
_MODIFIER_START = re.compile(
    r"(?:::\s*(?:[\w\"]+\s*\.\s*)?[\w\" ]+|\b(?:varchar|char|character|varying|numeric|decimal|bit"
    r"|time|timestamp|timestamptz|interval|float|vector|halfvec|sparsevec))"
    r"\(\s*(?:-?\d+\s*,\s*)?-?$",
    re.IGNORECASE,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_OPENING = frozenset({"(", "["})
_CLOSING = frozenset({")", "]"})
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_DOLLAR_QUOTE = re.compile(r"(\$[^$]*\$)(.*)\1", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_][\w$.]*")
_PREFIX_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """One constant of a text."""

    token: Token
    written: str
    """As it stands there, quotes included."""
    value: str
    """Without quotes and escapes."""
    type_name: str | None = None
    """That it is cast to, where it is."""
    operator: str = ""
    """What stands before it in lower case, looking through ``ANY (`` and ``ARRAY [``: ``~~``."""
    word_before_operator: str = ""
    function: str = ""
    """Of which it is an argument, in lower case; empty where it stands in no parentheses."""
    is_first_argument: bool = False
    is_type_modifier: bool = False
    """``20`` in ``varchar(20)``."""

    @property
    def is_string(self) -> bool:
        """It is in quotes."""
        return self.token.name in STRINGS


@dataclass(slots=True)
class _Frame:
    """An open parenthesis or bracket."""

    word: str
    """What stands before it."""
    operator: str = ""
    """What its elements are compared by, where it is a list."""
    has_argument: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a text: a constant, a comment, or what stands between."""

    text: str
    constant: Constant | None = None
    is_comment: bool = False


def pieces(sql: str) -> Iterator[Piece]:
    """Cut a text at its constants and its comments.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    position = 0
    frames = [_Frame("")]
    words = ["", "", ""]
    for token in tokens(sql):
        written = sql[token.start : token.end]
        if token.is_comment:
            yield Piece(text=sql[position : token.start])
            yield Piece(text=written, is_comment=written != SQUASHED)
            position = token.end
            continue
        if token.name in CONSTANTS:
            yield Piece(text=sql[position : token.start])
            yield Piece(text=written, constant=_constant(sql, token, words, frames[-1]))
            position = token.end
        _follow(written.lower(), words, frames)
    yield Piece(text=sql[position:])


def _follow(word: str, words: list[str], frames: list[_Frame]) -> None:
    """Keep track of the last words and of the open parentheses."""
    if word in _OPENING:
        frames.append(_Frame(words[-1], _operator_of_list(words, frames[-1])))
    elif word in _CLOSING and len(frames) > 1:
        frames.pop()
    else:
        frames[-1].has_argument = True
    words[:] = [*words[1:], word]


def _operator_of_list(words: list[str], outer: _Frame) -> str:
    if words[-1] in {"any", "all", "some", "in"}:
        return words[-2]
    return outer.operator if words[-1] == "array" else ""


def _constant(sql: str, token: Token, words: list[str], frame: _Frame) -> Constant:
    written = sql[token.start : token.end]
    is_element = words[-1] in _OPENING or (words[-1] == "," and frame.operator)
    return Constant(
        token=token,
        written=written,
        value=_decoded(token, written),
        type_name=_type_of(sql, token) if token.name not in BITS else "bit",
        operator=frame.operator if is_element else words[-1],
        word_before_operator=words[-2],
        function=frame.word if _WORD.fullmatch(frame.word) else "",
        is_first_argument=not frame.has_argument,
        is_type_modifier=token.name in NUMBERS and _is_modifier(sql, token),
    )


def _type_of(sql: str, token: Token) -> str | None:
    cast = _CAST.match(sql, token.end)
    if cast is None:
        cast = _AS_TYPE.match(sql, token.end)
    if cast is None and token.name in STRINGS:
        cast = _PREFIX_TYPE.search(sql[max(token.start - _PREFIX_CHARACTERS, 0) : token.start])
    return None if cast is None else cast[1]


def _is_modifier(sql: str, token: Token) -> bool:
    before = sql[max(token.start - _PREFIX_CHARACTERS, 0) : token.start]
    return _MODIFIER_START.search(before) is not None


def _decoded(token: Token, written: str) -> str:
    if token.name not in STRINGS:
        return written
    dollars = _DOLLAR_QUOTE.fullmatch(written)
    if dollars is not None:
        return dollars[2]
    start = written.find("'")
    value = written[start + 1 : -1].replace("''", "'")
    return _ESCAPE.sub(_unescaped, value) if written[:start] in {"E", "e"} else value


def _unescaped(match: re.Match[str]) -> str:
    hexadecimal, short, long, octal, other = match.groups()
    if other is not None:
        return _SIMPLE_ESCAPES.get(other, other)
    code = int(octal, 8) if octal else int(hexadecimal or short or long, 16)
    return chr(code) if code <= 0x10FFFF else ""  # noqa: PLR2004  (the last code point)
