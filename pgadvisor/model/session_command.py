"""Commands by which an application leaves something behind in its session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SessionCommandKind(StrEnum):
    """What is left behind."""

    LISTEN = "LISTEN"
    SET = "SET"
    """Of a setting that a pooler does not look after."""
    TEMPORARY_TABLE = "CREATE TEMPORARY TABLE"
    HELD_CURSOR = "DECLARE ... WITH HOLD"
    PREPARE = "PREPARE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCommand:
    """A kind of command that was run; of its text nothing is kept."""

    kind: SessionCommandKind
    roles: tuple[str, ...] = ()
    """Who ran it, by name."""
