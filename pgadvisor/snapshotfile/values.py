"""Values in the text form of their type, replaced by others that the type takes too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from pgadvisor.snapshotfile.containers import (
    join_fields,
    join_range,
    replace_elements,
    split_fields,
    split_range,
)
from pgadvisor.snapshotfile.sink import HiddenError, Sink
from pgadvisor.snapshotfile.types import TEXT, Category, Shape

Json = dict[str, "Json"] | list["Json"] | str | Decimal | bool | None

BOOLEANS = frozenset({"t", "f", "true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"})
_WORD = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)|\w+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_CHARACTERS_OF_NO_WORD = re.compile(r"[\W_]*")


@dataclass(frozen=True, slots=True)
class ValueRedactor:
    """Replaces values through a sink.

    Args:
        sink: What each scalar is handed to.
        names: Words that the schema names, such as keys of JSON objects; they stay.
    """

    sink: Sink
    names: frozenset[str] = frozenset()

    def value(self, shape: Shape, text: str) -> str:
        """Replace a value of a shape.

        Raises:
            HiddenError: It cannot be replaced by another value of its type.
        """
        handler = _HANDLERS.get(shape.category)
        if handler is None:
            raise HiddenError
        return handler(self, shape, text)


def _text(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    value = text.rstrip(" ") if shape.is_padded else text
    return redactor.sink.hide(shape.kind, value) if value else text


def _ordered(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    return redactor.sink.hide(shape.kind, text)


def _number(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    return redactor.sink.number(text, is_integer=shape.is_integer)


def _moment(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    return redactor.sink.moment(shape.kind, text)


def _boolean(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    del shape
    if text.strip().lower() not in BOOLEANS:
        raise HiddenError
    redactor.sink.keep()
    return text


def _label(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    if text not in shape.labels:
        raise HiddenError
    redactor.sink.keep()
    return text


def _name(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    del redactor, shape
    return text


def _array(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    return replace_elements(text, lambda element: redactor.value(shape.parts[0], element))


def _composite(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    fields = split_fields(text)
    if len(fields) != len(shape.parts):
        raise HiddenError
    pairs = zip(shape.parts, fields, strict=True)
    return join_fields(
        [None if field is None else redactor.value(part, field) for part, field in pairs]
    )


def _range(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    found = split_range(text)
    if found is None:
        return text
    opening, lower, upper, closing = found
    part = shape.parts[0]
    new_lower, new_upper = (
        None if bound is None else redactor.value(part, bound) for bound in (lower, upper)
    )
    if new_lower is not None and new_lower == new_upper:
        # Both fell on the same round value; without its brackets it would be empty.
        opening, closing = "[", "]"
    return join_range(opening, new_lower, new_upper, closing)


def _json(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    del shape
    try:
        document = json.loads(text, parse_int=Decimal, parse_float=Decimal, parse_constant=_refuse)
        return _json_text(redactor, document)
    except (ValueError, RecursionError, ArithmeticError):
        raise HiddenError from None


def _json_text(redactor: ValueRedactor, value: Json) -> str:
    match value:
        case str():
            return json.dumps(redactor.sink.hide(TEXT.kind, value) if value else value)
        case Decimal():
            return redactor.sink.number(str(value), is_integer=False)
        case list():
            return f"[{', '.join(_json_text(redactor, item) for item in value)}]"
        case dict():
            pairs = [(json.dumps(_json_key(redactor, key)), item) for key, item in value.items()]
            return f"{{{', '.join(f'{key}: {_json_text(redactor, item)}' for key, item in pairs)}}}"
        case _:
            return json.dumps(value)


def _json_key(redactor: ValueRedactor, key: str) -> str:
    if key in redactor.names or not key:
        return key
    return redactor.sink.hide(TEXT.kind, key)


def _words(redactor: ValueRedactor, shape: Shape, text: str) -> str:
    """Replace the words of a text, and keep the punctuation between them."""

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if word in shape.labels:
            return word
        if _NUMBER.fullmatch(word):
            return redactor.sink.number(word, is_integer="." not in word)
        return redactor.sink.hide(shape.kind, word)

    return _WORD.sub(replaced, text)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def has_no_words(text: str) -> bool:
    """Whether a text is punctuation alone, such as the separator of a list."""
    return _CHARACTERS_OF_NO_WORD.fullmatch(text) is not None


_Handler = Callable[[ValueRedactor, Shape, str], str]

_HANDLERS: dict[Category, _Handler] = {
    Category.TEXT: _text,
    Category.ORDERED: _ordered,
    Category.NUMBER: _number,
    Category.MOMENT: _moment,
    Category.JSON: _json,
    Category.WORDS: _words,
    Category.BOOLEAN: _boolean,
    Category.ENUM: _label,
    Category.ARRAY: _array,
    Category.RANGE: _range,
    Category.COMPOSITE: _composite,
    Category.NAME: _name,
}
