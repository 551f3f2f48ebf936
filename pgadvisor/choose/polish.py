"""Small changes of a set for as long as they pay: one index less, one more, one for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection

_ROUNDING_RATIO = 1e-7
"""A change that gains less of what the workload takes gains nothing."""


def polish(
    chosen: frozenset[int],
    pool: Pool,
    selection: Selection,
    bounds: Bounds,
) -> frozenset[int]:
    """Change a set until no small change makes it better, as far as plans are known.

    Args:
        chosen: A set within the bounds.
        pool: The statements.
        selection: What candidates cost.
        bounds: What may be chosen.
    """
    work = _Work(chosen, pool.knowledge, selection)
    work.size_bytes = bounds.size_bytes(chosen)
    least = _ROUNDING_RATIO * selection.value(())
    offered = [number for number in sorted(work.users) if bounds.allows(number)]
    is_better = True
    while is_better:
        is_better = False
        for out, into in _changes(work, offered, bounds):
            is_stale = (out is not None and out not in work.chosen) or into in work.chosen
            if is_stale or not _has_room(work, out, into, bounds) or work.gain(out, into) <= least:
                continue
            if bounds.fits((work.chosen - {out}) | ({into} if into is not None else set())):
                work.change(out, into)
                work.size_bytes = bounds.size_bytes(work.chosen)
                is_better = True
    return frozenset(work.chosen)


def _has_room(work: _Work, out: int | None, into: int | None, bounds: Bounds) -> bool:
    """Whether the storage suffices: nearly all changes that do not fit are too large."""
    allowed_bytes = bounds.budget.index_bytes
    if allowed_bytes is None or into is None:
        return True
    freed_bytes = bounds.size_bytes((out,)) if out is not None else 0
    return work.size_bytes + bounds.size_bytes((into,)) - freed_bytes <= allowed_bytes


def _changes(work: _Work, offered: Sequence[int], bounds: Bounds) -> Iterator[_Change]:
    """Changes that may pay: one less, one more, one for another.

    Of two indexes on different tables, each does what it does without regard to the other, or
    nearly so: one is tried for the other only where what both do by themselves comes out well.
    """
    chosen = sorted(work.chosen)
    for out in chosen:
        yield out, None
    more = {into: work.gain(None, into) for into in offered if into not in work.chosen}
    for into in more:
        yield None, into
    less = {out: work.gain(out, None) for out in chosen}
    for out in chosen:
        table_oid = bounds.table_oid(out)
        for into, gain in more.items():
            if bounds.table_oid(into) == table_oid or gain + less[out] > 0:
                yield out, into


_Change = tuple[int | None, int | None]
"""The candidate that goes, and the one that comes."""


class _Work:
    """A set in the making, with what each statement can see of it."""

    def __init__(
        self,
        chosen: frozenset[int],
        knowledge: Sequence[StatementKnowledge],
        selection: Selection,
    ) -> None:
        self.chosen = set(chosen)
        self.size_bytes = 0
        self.users: dict[int, list[tuple[int, int]]] = {}
        """By candidate: places of statements that have a plan with it, and its bit there."""
        self._knowledge = knowledge
        self._selection = selection
        self._shown = [one.bits(chosen) for one in knowledge]
        for place, one in enumerate(knowledge):
            used = 0
            for plan in one.plans:
                used |= plan.uses
            for number in one.candidates(used):
                self.users.setdefault(number, []).append((place, one.bits((number,))))
        self._costs = [
            one.best_known(shown).cost for one, shown in zip(knowledge, self._shown, strict=True)
        ]

    def gain(self, out: int | None, into: int | None) -> float:
        """What a change saves a day."""
        charges = sum(self._selection.charge(one) for one in (out,) if one is not None)
        charges -= sum(self._selection.charge(one) for one in (into,) if one is not None)
        return charges + sum(
            self._knowledge[place].value_per_cost
            * (self._costs[place] - self._knowledge[place].best_known(shown).cost)
            for place, shown in self._after(out, into).items()
        )

    def change(self, out: int | None, into: int | None) -> None:
        """Make a change."""
        for place, shown in self._after(out, into).items():
            self._shown[place] = shown
            self._costs[place] = self._knowledge[place].best_known(shown).cost
        self.chosen.discard(-1 if out is None else out)
        if into is not None:
            self.chosen.add(into)

    def _after(self, out: int | None, into: int | None) -> dict[int, int]:
        """What statements that the change concerns would see."""
        after: dict[int, int] = {}
        for place, bit in self.users.get(-1 if out is None else out, ()):
            after[place] = self._shown[place] & ~bit
        for place, bit in self.users.get(-1 if into is None else into, ()):
            after[place] = after.get(place, self._shown[place]) | bit
        return after
