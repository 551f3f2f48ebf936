"""The statements of a workload, and which of them can see which candidates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.choose.knowledge import StatementKnowledge


class Pool:
    """What is known of all statements, found by candidate.

    Args:
        knowledge: Of each statement.
    """

    def __init__(self, knowledge: Sequence[StatementKnowledge]) -> None:
        self.knowledge = tuple(knowledge)
        self.base_value = sum(one.value_per_cost * one.base_cost for one in self.knowledge)
        """What all statements are worth a day as they are."""
        self._users: dict[int, list[tuple[int, int]]] = {}
        for place, one in enumerate(self.knowledge):
            for position, candidate in enumerate(one.usable):
                self._users.setdefault(candidate, []).append((place, 1 << position))
        self._shown: dict[frozenset[int], list[tuple[StatementKnowledge, int]]] = {}
        """By sets, which a search asks for again and again."""

    def seen(self, chosen: frozenset[int]) -> Iterator[tuple[StatementKnowledge, int]]:
        """The statements that can use something of a set, each with what it can use, as bits."""
        shown = self._shown.get(chosen)
        if shown is None:
            by_place: dict[int, int] = {}
            for candidate in chosen:
                for place, bit in self._users.get(candidate, ()):
                    by_place[place] = by_place.get(place, 0) | bit
            shown = [(self.knowledge[place], by_place[place]) for place in sorted(by_place)]
            self._shown[chosen] = shown
        for one, offered in shown:
            if bits := offered & one.everything:
                yield one, bits

    def value(self, chosen: frozenset[int]) -> float:
        """What all statements are worth a day with a set, as far as is known."""
        return self.base_value - sum(
            one.value_per_cost * (one.base_cost - one.cost(bits)) for one, bits in self.seen(chosen)
        )

    @property
    def changes(self) -> int:
        """How often something was learnt of a statement: until then, what follows is the same."""
        return sum(one.changes for one in self.knowledge)

    @property
    def rest_value(self) -> float:
        """What all statements are worth a day at least, as far as is known."""
        return sum(one.value_per_cost * one.levels[-1].floor for one in self.knowledge)

    def users(self, candidate: int) -> tuple[StatementKnowledge, ...]:
        """The statements that can use a candidate."""
        return tuple(self.knowledge[place] for place, _ in self._users.get(candidate, ()))
