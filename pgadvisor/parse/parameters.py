"""Parameters of normalised statements: make ``$n`` acceptable to PREPARE, put values in for them.

``pg_stat_statements`` writes ``$n`` where a literal stood, and that is not always a statement
again: ``interval $1`` does not parse, ``$1 + $2`` has no type.  Everything here works on tokens,
never on the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pgadvisor.parse import grammar
from pgadvisor.parse.grammar import StatementError, Token

SYNTAX_ERROR = "42601"
INDETERMINATE_DATATYPE = "42P18"

_TYPED_KEYWORDS = {"INTERVAL": "interval", "TIME": "time", "TIMESTAMP": "timestamp"}
_TYPED_WORDS = frozenset(
    {"date", "timestamptz", "timetz", "numeric", "decimal", "float8", "float4", "int4", "int8"}
    | {"uuid", "inet", "cidr", "json", "jsonb", "text", "bool", "boolean", "bytea", "money"}
)
_INTERVAL_FIELDS = frozenset({"YEAR_P", "MONTH_P", "DAY_P", "HOUR_P", "MINUTE_P", "SECOND_P"})
_ARITHMETIC = frozenset(f"ASCII_{ord(sign)}" for sign in "+-*/%")
_CASTS_TO_TRY = ("int4", "numeric", "interval")
_OPEN, _CLOSE = "ASCII_40", "ASCII_41"


def repair_parameters(text: str) -> str:
    """Rewrite what never works: ``interval $1`` becomes ``$1::interval``.

    The same for ``date``, ``time`` and ``timestamp`` with their zones, and other types written
    before a constant.  ``extract($1 from x)`` becomes ``date_part($1::text, x)``, which takes a
    parameter.  A text that needs none of it, or cannot be scanned, comes back as it is.
    """
    try:
        found = grammar.significant_tokens(text)
    except StatementError:
        return text
    edits = [edit for position in range(len(found)) for edit in _typed_edits(text, found, position)]
    return _apply(text, edits)


def repairs(text: str, sqlstate: str | None = None, position: int | None = None) -> tuple[str, ...]:
    """Propose texts to try next, the most promising first; empty when nothing is left to try.

    Args:
        text: The text that was refused, or that has not been tried yet.
        sqlstate: The server's code; None before the first try.
        position: Where the server stumbled, in characters from 1, as it reports it.
    """
    repaired = repair_parameters(text)
    if repaired != text:
        return (repaired,)
    if sqlstate is None or sqlstate == SYNTAX_ERROR:
        return ()
    try:
        found = grammar.significant_tokens(text)
    except StatementError:
        return ()
    near = _nearest(found, None if position is None else position - 1)
    attempts = (
        *(_text_arguments(text, found) if sqlstate == INDETERMINATE_DATATYPE else ()),
        *_numeric_branches(text, found),
        *_casts_around(text, found, near),
        *_cast_everywhere(text, found),
    )
    return tuple(dict.fromkeys(attempt for attempt in attempts if attempt != text))


def substitute(text: str, values: Mapping[int, str]) -> str:
    """Put values in for parameters; a parameter without a value stays.

    Args:
        text: A statement with ``$n``.
        values: SQL by parameter number: ``{1: "'pending'", 2: "5"}``; a negative number is put in
            parentheses.

    Raises:
        StatementError: The text cannot be scanned.
    """

    def replace(token: Token, written: str) -> str | None:
        if token.name != "PARAM":
            return None
        value = values.get(int(written[1:]))
        if value is None:
            return None
        value = f"({value})" if value.startswith("-") else value
        # `a=$1and b` is legal, `a=5and b` is not; and `x$1` cannot be a parameter.
        following = text[token.end : token.end + 1]
        return f"{value} " if following.isalnum() or following in {"_", "'", '"'} else value

    return grammar.replace_tokens(text, replace)


def parameter_numbers(text: str) -> tuple[int, ...]:
    """The numbers of the parameters in a text, each once, in order of appearance.

    Raises:
        StatementError: The text cannot be scanned.
    """
    return tuple(
        dict.fromkeys(
            int(text[token.start + 1 : token.end])
            for token in grammar.tokens(text)
            if token.name == "PARAM"
        )
    )


def spaced_parameters(text: str) -> str:
    """Write each ``$n`` between blanks, which other tokenizers need to see a parameter in it.

    Raises:
        StatementError: The text cannot be scanned.
    """
    return grammar.replace_tokens(
        text, lambda token, written: f" {written} " if token.name == "PARAM" else None
    )


_Edit = tuple[int, int, str]


def _typed_edits(text: str, found: Sequence[Token], position: int) -> Iterator[_Edit]:
    """Edits for a type name that stands before the parameter at that position."""
    parameter = found[position]
    if parameter.name != "PARAM" or position == 0:
        return
    written = text[parameter.start : parameter.end]
    start, type_name = _type_before(text, found, position)
    if type_name is not None:
        end = parameter.end
        if type_name.startswith("interval"):
            for field in found[position + 1 : position + 4]:
                if field.name in _INTERVAL_FIELDS or (field.name == "TO" and end != parameter.end):
                    end = field.end
                else:
                    break
            suffix = text[parameter.end : end].strip()
            type_name = f"{type_name} {suffix}".rstrip()
        yield (start, end, f"{written}::{type_name}")
    elif _is_extract_field(found, position):
        extract, source = found[position - 2], found[position + 1]
        yield (extract.start, extract.end, "pg_catalog.date_part")
        yield (parameter.start, source.end, f"{written}::text,")


def _type_before(text: str, found: Sequence[Token], position: int) -> tuple[int, str | None]:
    """Where the type name before a parameter begins, and how it reads in a cast."""
    before = found[position - 1]
    word = text[before.start : before.end].lower()
    if before.name == "ZONE" and position > 3:  # noqa: PLR2004  (time with time zone $1)
        first = found[position - 4]
        if first.name in {"TIME", "TIMESTAMP"} and found[position - 2].name == "TIME":
            return first.start, text[first.start : before.end].lower()
    # A name after a dot, or before one, is a column's or a function's.
    is_qualified = position > 1 and found[position - 2].name == "ASCII_46"
    if is_qualified or (position > 1 and found[position - 2].name in {"AS", "TYPECAST"}):
        return before.start, None
    if before.name in _TYPED_KEYWORDS:
        return before.start, _TYPED_KEYWORDS[before.name]
    return before.start, word if word in _TYPED_WORDS and not before.is_reserved else None


def _is_extract_field(found: Sequence[Token], position: int) -> bool:
    return (
        position > 1
        and found[position - 1].name == _OPEN
        and found[position - 2].name == "EXTRACT"
        and position + 1 < len(found)
        and found[position + 1].name == "FROM"
    )


def _nearest(found: Sequence[Token], index: int | None) -> int | None:
    """The position of the token that the server pointed at."""
    if index is None:
        return None
    return next((place for place, token in enumerate(found) if token.end > index), None)


def _casts_around(text: str, found: Sequence[Token], near: int | None) -> Iterator[str]:
    """Casts for the parameters on both sides of the operator that the server pointed at."""
    if near is None:
        return
    if found[near].name == "PARAM":
        places = [near]
    else:
        sides = (near - 1, near + 1)
        places = [place for place in sides if 0 <= place < len(found)]
        places = [place for place in places if found[place].name == "PARAM"]
    places = [place for place in places if not _has_cast(found, place)]
    if not places:
        return
    for type_name in (*_CASTS_TO_TRY, "text"):
        yield _apply(text, [_cast(text, found[place], type_name) for place in places])
    if len(places) > 1:  # a date and an interval, a timestamp and an interval
        first, second = places
        for left, right in (("date", "interval"), ("timestamptz", "interval")):
            edits = [_cast(text, found[first], left), _cast(text, found[second], right)]
            yield _apply(text, edits)


def _cast_everywhere(text: str, found: Sequence[Token]) -> Iterator[str]:
    """Casts for all ``$n + $m`` at once, for servers that gave no position."""
    places = {
        place
        for middle in range(1, len(found) - 1)
        if found[middle].name in _ARITHMETIC
        and found[middle - 1].name == found[middle + 1].name == "PARAM"
        for place in (middle - 1, middle + 1)
        if not _has_cast(found, place)
    }
    if not places:
        return
    for type_name in _CASTS_TO_TRY:
        yield _apply(text, [_cast(text, found[place], type_name) for place in sorted(places)])


def _numeric_branches(text: str, found: Sequence[Token]) -> Iterator[str]:
    """Numeric casts for parameters in THEN and ELSE below sum() and avg()."""
    places = [
        place
        for place, calls in _parameters_with_calls(text, found)
        if found[place - 1].name in {"THEN", "ELSE"} and {"sum", "avg"} & set(calls)
    ]
    if places:
        yield _apply(text, [_cast(text, found[place], "numeric") for place in places])


def _text_arguments(text: str, found: Sequence[Token]) -> Iterator[str]:
    """Text for the parameters whose type nothing determines: ``$1 IS NULL``, ``format($1)``."""
    places = [
        place
        for place, calls in _parameters_with_calls(text, found)
        if (place + 1 < len(found) and found[place + 1].name == "IS")
        or (any(calls[-1:]) and found[place - 1].name in {_OPEN, "ASCII_44"})
    ]
    if places:
        yield _apply(text, [_cast(text, found[place], "text") for place in places])


def _parameters_with_calls(text: str, found: Sequence[Token]) -> Iterator[tuple[int, list[str]]]:
    """Places of parameters without a cast, each with the functions around it, outermost first.

    A parenthesis that is no function's counts as a function without a name.
    """
    calls: list[str] = []
    for place, token in enumerate(found):
        if token.name == _OPEN:
            before = found[place - 1] if place else token
            is_word = text[before.start].isalpha() and not before.is_reserved
            is_call = is_word and before.name not in {"VALUES", "OVER", "FILTER"}
            calls.append(text[before.start : before.end].lower() if is_call else "")
        elif token.name == _CLOSE and calls:
            calls.pop()
        elif token.name == "PARAM" and place and not _has_cast(found, place):
            yield place, list(calls)


def _has_cast(found: Sequence[Token], place: int) -> bool:
    return place + 1 < len(found) and found[place + 1].name == "TYPECAST"


def _cast(text: str, parameter: Token, type_name: str) -> _Edit:
    written = text[parameter.start : parameter.end]
    return (parameter.start, parameter.end, f"{written}::{type_name}")


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    parts: list[str] = []
    position = 0
    for start, end, new in sorted(edits):
        parts += (text[position:start], new)
        position = end
    return "".join((*parts, text[position:]))
