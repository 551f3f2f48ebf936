"""Values in a decoded plan: each is what it should be, or refused with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping


class PlanFormatError(ValueError):
    """A document that is no plan; the message names the place and the reason, never a value.

    Args:
        place: Where in the document, as a path: ``Plan.Plans[1].Plan Rows``; empty: the whole.
        reason: What is wrong there, as a clause.
        line: In which line of the text, from 1: of the fault itself where that is known, else
            where the plan begins; None: it did not come as text.
    """

    def __init__(self, place: str, reason: str, line: int | None = None) -> None:
        self.place = place
        self.reason = reason
        self.line = line
        where = [f"line {line}"] if line is not None else []
        super().__init__(": ".join((*where, *((place,) if place else ()), reason)))


def read_object(value: object, place: str) -> Mapping[str, object]:
    """Return an object with its keys."""
    if not isinstance(value, dict) or {*map(type, value)} - {str}:
        raise PlanFormatError(place, "is no object")
    return value


def read_text(value: object, place: str, key: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise PlanFormatError(f"{place}.{key}", "is no text")
    return value


def read_texts(value: object, place: str, key: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, list):
        raise PlanFormatError(f"{place}.{key}", "is no list")
    return tuple(read_text(item, place, f"{key}[{number}]") for number, item in enumerate(value))


def read_number(value: object, place: str, key: str) -> float:
    """Return a finite number."""
    if type(value) is float and math.isfinite(value):  # most are
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PlanFormatError(f"{place}.{key}", "is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PlanFormatError(f"{place}.{key}", "is no finite number")
    return number


def read_integer(value: object, place: str, key: str) -> int:
    """Return a whole number."""
    if type(value) is int:
        return value
    number = read_number(value, place, key)
    if number != int(number):
        raise PlanFormatError(f"{place}.{key}", "is no whole number")
    return int(number)
