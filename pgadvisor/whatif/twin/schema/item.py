"""One object of the snapshot's, and the forms in which it can be made."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEFINITION = re.compile(r"\s*(CREATE|ALTER)\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simpler:
    """A form with less of the original, for where the whole is refused."""

    sql: str
    lost: str
    """What it lacks: ``its defaults``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object to make."""

    what: str
    """For people: ``table public.orders``."""
    sql: str
    simpler: tuple[Simpler, ...] = ()
    lost: str = ""
    """What this form lacks already."""

    @property
    def is_definition(self) -> bool:
        """It defines something, and neither asks, copies, nor begins a transaction."""
        return _DEFINITION.match(self.sql) is not None
