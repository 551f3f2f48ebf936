"""Values that a user gives for the parameters of a statement: ``1=42``, ``2:date=2026-01-31``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r'(?:[^\W\d][\w$]*|"(?:[^"]|"")+")'
# Words, dots, a length and brackets: whatever it says, nothing but a type can be meant.
_TYPE = re.compile(
    rf"{_NAME}(?:(?:\.| +){_NAME})*(?: ?\([0-9]+(?:, ?[0-9]+)?\))?(?: +{_NAME})*(?:\[[0-9]*\])*"
)
_GIVEN = re.compile(
    r"\$?(?P<number>[0-9]{1,5})(?::(?P<type>[^=]*))?(?P<equals>=)?(?P<value>.*)", re.DOTALL
)
_HINT = "write N=VALUE, such as 1=42, or N:TYPE=VALUE, such as 2:date=2026-01-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterValue:
    """What stands for one ``$n``.

    Raises:
        ValueError: The number is not above zero, the type is written like none, or the value
            holds a NUL.
    """

    number: int
    value: str | None
    """As text, which the server reads as the parameter's type; None: NULL."""
    type_name: str | None = None
    """As SQL writes it; None: the server infers it from the statement."""

    def __post_init__(self) -> None:
        """Refuse what could not be sent."""
        if self.number < 1:
            raise ValueError("parameters are counted from 1")
        if self.type_name is not None and not _TYPE.fullmatch(self.type_name):
            raise ValueError(f"the type of ${self.number} is written like no type")
        if self.value is not None and "\0" in self.value:
            raise ValueError(f"the value of ${self.number} holds a NUL character")


def read_parameter_value(text: str) -> ParameterValue:
    """Read ``1=42``, ``2:date=2026-01-31``, or ``3`` and ``3:date`` for NULL.

    Raises:
        ValueError: The text is none of these; the message does not repeat it.
    """
    match = _GIVEN.fullmatch(text)
    if match is None or (match["value"] and not match["equals"]):
        raise ValueError(_HINT)
    return ParameterValue(
        number=int(match["number"]),
        value=match["value"] if match["equals"] else None,
        type_name=match["type"].strip() if match["type"] is not None else None,
    )
