"""A statement written differently, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """Another text for a statement, which has been parsed again."""

    text: str
    conditions: tuple[str, ...] = ()
    """What must hold for both to return the same rows, as clauses; empty: nothing at all."""

    @property
    def condition(self) -> str:
        """All of them as one clause."""
        return " and ".join(self.conditions)
