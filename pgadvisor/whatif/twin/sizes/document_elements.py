"""The elements that GIN's operator classes take out of a value, from the value's text form.

Each element has a place, so that values which have nothing to do with each other are not taken
for one heap of elements: the path to a value in a jsonb document is its place.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)')
_HASHED_JSON_BYTES = 125
"""A longer text is replaced by the eight digits of its hash."""
_INTEGER_BYTES = 4


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a value."""

    place: str
    text: str
    width_bytes: int
    """As the index keeps it."""


Extractor = Callable[[str], AbstractSet[Element]]


def elements_by_json_key(value: str) -> AbstractSet[Element]:
    """Of ``jsonb_ops``: each key and each value, after a byte that tells which."""
    return {
        Element("" if is_key else place, text, _text_bytes(text))
        for place, text, is_key in _json_parts(_document(value))
    }


def elements_by_json_path(value: str) -> AbstractSet[Element]:
    """Of ``jsonb_path_ops``: a hash of each value with the keys that lead to it."""
    parts = _json_parts(_document(value))
    return {
        Element(place, text, _INTEGER_BYTES)
        for place, text, is_key in parts
        if not is_key or place.endswith("[]")
    }


def elements_by_trigram(value: str) -> AbstractSet[Element]:
    """Of ``gin_trgm_ops``: three letters in a row, words being padded."""
    found = set()
    for word in _WORD.findall(value.lower()):
        padded = f"  {word} "
        found |= {padded[at : at + 3] for at in range(len(padded) - 2)}
    return {Element("", text, _INTEGER_BYTES) for text in found}


def most_trigrams(seen: Iterable[str]) -> float:
    """How many there can be: pairs of letters that were seen, put together where they meet."""
    texts = list(seen)
    pairs = {text[:2] for text in texts} | {text[1:] for text in texts}
    first = Counter(pair[0] for pair in pairs)
    return float(sum(first[pair[1]] for pair in pairs))


def elements_by_word(value: str) -> AbstractSet[Element]:
    """Of a text search document that is made of a text.

    Words of different length are in different places: numbers and codes that are all different
    are as long as each other, and words of a language get rarer as they get longer.
    """
    words = _WORD.findall(value.lower())
    return {Element(str(len(word)), word, len(word.encode()) + 1) for word in words}


def elements_by_pair(value: str) -> AbstractSet[Element]:
    """Of ``gin_hstore_ops``: each key and each value, after a letter that tells which."""
    found = set()
    for key, text in _PAIR.findall(value):
        found.add(Element("", key, len(key.encode()) + 2))
        found.add(Element(key, text, len(text.encode()) + 2))
    return found


EXTRACTORS: Mapping[str, Extractor] = {
    "jsonb_ops": elements_by_json_key,
    "jsonb_path_ops": elements_by_json_path,
    "gin_trgm_ops": elements_by_trigram,
    "gin_hstore_ops": elements_by_pair,
}
"""By operator class."""


class _Number(str):
    """A number as it is written, told from a text by its class."""

    __slots__ = ()


def _document(value: str) -> object:
    parsed: object = json.loads(value, parse_int=_Number, parse_float=_Number)
    return parsed


def _text_bytes(text: str) -> int:
    length = len(text.encode())
    return 2 + (8 if length > _HASHED_JSON_BYTES else length)


def _json_parts(value: object, place: str = "") -> Iterator[tuple[str, str, bool]]:
    """Yield the place, the text, and whether it is kept like a key, of all that is in a document.

    Texts in a list are kept like keys, for the operator ``?``.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{place}.{key}", str(key), True
            yield from _json_parts(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | list):
                yield from _json_parts(inner, f"{place}[]")
            else:
                yield f"{place}[]", _scalar(inner), type(inner) is str
    else:
        yield place, _scalar(value), False


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    return "" if value is None else str(value)
