"""Statements before anybody knows how often they run and how long they take."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Heat(StrEnum):
    """How often the like of a statement runs."""

    HOT = "hot"
    """With every request, or nearly."""
    WARM = "warm"
    """With what people do now and then: lists, searches."""
    COLD = "cold"
    """Reports and exports."""
    INSERT = "insert"
    """As often as the table grows."""
    UPDATE = "update"
    """As often as rows of the table change, one at a time."""
    DELETE = "delete"
    """As often as rows of the table go, one at a time."""
    SWEEP = "sweep"
    """A change of many rows at once, on the hour or at night."""

    @property
    def is_write(self) -> bool:
        """It changes rows."""
        return self in {Heat.INSERT, Heat.UPDATE, Heat.DELETE, Heat.SWEEP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement's text, and what kind of life it has."""

    text: str
    heat: Heat
    table_oid: int = 0
    """Of a write, the table that it changes."""
