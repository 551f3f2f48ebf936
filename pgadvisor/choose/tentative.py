"""A set of candidates in the making, with what each statement would cost with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection


class TentativeSet:
    """A set, and what changes of it would gain, as far as plans are known.

    Only statements that have a plan with a candidate are looked at when it comes or goes.

    Args:
        chosen: The set at first.
        pool: The statements.
        selection: What candidates cost.
    """

    def __init__(self, chosen: Iterable[int], pool: Pool, selection: Selection) -> None:
        self.chosen = set(chosen)
        self._knowledge = pool.knowledge
        self._selection = selection
        self._users: dict[int, list[tuple[int, int]]] = {}
        """By candidate: places of statements that have a plan with it, and its bit there."""
        seen = dict(pool.seen(frozenset(self.chosen)))
        self._shown: list[int] = []
        """Of each statement: what its plans can take of the set."""
        for place, one in enumerate(self._knowledge):
            used = 0
            for plan in one.plans:
                used |= plan.uses
            self._shown.append(seen.get(one, 0) & used)
            for number in one.candidates(used):
                self._users.setdefault(number, []).append((place, one.bits((number,))))
        self._costs = [
            one.best_known(shown).cost
            for one, shown in zip(self._knowledge, self._shown, strict=True)
        ]

    @property
    def offered(self) -> list[int]:
        """The candidates that some plan takes."""
        return sorted(self._users)

    def gain(self, out: Collection[int], into: Collection[int]) -> float:
        """What a change saves a day, what candidates cost included.

        Args:
            out: What goes of the set.
            into: What comes, and is not in it.
        """
        charge = self._selection.charge
        saved = 0.0
        for number in out:
            saved += charge(number)
        for number in into:
            saved -= charge(number)
        for place, shown in self._after(out, into).items():
            one = self._knowledge[place]
            saved += one.value_per_cost * (self._costs[place] - one.best_known(shown).cost)
        return saved

    def change(self, out: Collection[int], into: Collection[int]) -> None:
        """Make a change."""
        for place, shown in self._after(out, into).items():
            self._shown[place] = shown
            self._costs[place] = self._knowledge[place].best_known(shown).cost
        self.chosen.difference_update(out)
        self.chosen.update(into)

    def _after(self, out: Collection[int], into: Collection[int]) -> dict[int, int]:
        """What statements that the change concerns would see."""
        users, before = self._users, self._shown
        after: dict[int, int] = {}
        for number in out:
            for place, bit in users.get(number, ()):
                after[place] = after.get(place, before[place]) & ~bit
        for number in into:
            for place, bit in users.get(number, ()):
                after[place] = after.get(place, before[place]) | bit
        return after
