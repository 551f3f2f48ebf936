"""The candidates so far: one for each definition, with all that asked for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate

_OVERFULL = 3
"""A table with so many times its bound gets no new definitions: rarer statements come last."""

_PER_STATEMENT = 2
"""Candidates with INCLUDE, and as many without."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One candidate in the making."""

    definition: IndexDefinition
    reason: str
    note: str = ""
    statement_ids: list[str] = field(default_factory=list)
    weight: float = 0.0
    """Of all statements that asked for it."""

    def candidate(self) -> Candidate:
        """The finished value."""
        return Candidate(
            definition=self.definition,
            statement_ids=tuple(self.statement_ids),
            reason=self.reason,
            note=self.note,
        )


class Pool:
    """Candidates of one table.

    Args:
        max_count: How many of them are kept in the end.
    """

    def __init__(self, max_count: int) -> None:
        self._max_count = max_count
        self._entries: dict[IndexDefinition, Entry] = {}

    def add(
        self, definition: IndexDefinition, reason: str, note: str, statement_id: str, weight: float
    ) -> None:
        """Note that a statement asks for an index."""
        entry = self._entries.get(definition)
        if entry is None:
            if len(self._entries) >= _OVERFULL * self._max_count:
                return
            entry = Entry(definition=definition, reason=reason, note=note)
            self._entries[definition] = entry
        if not entry.statement_ids or entry.statement_ids[-1] != statement_id:
            entry.statement_ids.append(statement_id)
            entry.weight += weight

    def ranked(self) -> list[Entry]:
        """All candidates, those that most time speaks for first, then those asked for first."""
        return sorted(self._entries.values(), key=lambda entry: -entry.weight)

    @property
    def definitions(self) -> tuple[IndexDefinition, ...]:
        """All that statements asked for, in that order."""
        return tuple(self._entries)

    def leaders(self, count: int) -> list[Entry]:
        """The best of them, but no more than a few for any one statement.

        All that the most important statement asks for would come before anything else's, and
        indexes for several statements are made of what different ones ask for.
        """
        taken: Counter[tuple[str, bool]] = Counter()
        found: list[Entry] = []
        for entry in self.ranked():
            whose = entry.statement_ids[0], bool(entry.definition.include)
            if entry.definition.access_method == "btree" and taken[whose] < _PER_STATEMENT:
                taken[whose] += 1
                found.append(entry)
        return found[:count]

    def kept(self, count: int) -> list[Entry]:
        """So many of the best of them, in the order in which they were asked for."""
        if len(self._entries) <= count:
            return list(self._entries.values())
        best = {id(entry) for entry in self.ranked()[:count]}
        return [entry for entry in self._entries.values() if id(entry) in best]

    def __contains__(self, definition: IndexDefinition) -> bool:
        """Whether a statement asked for it."""
        return definition in self._entries
