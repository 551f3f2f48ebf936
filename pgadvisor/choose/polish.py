"""Small changes of a set for as long as they pay: one index less, one more, one for another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.tentative import TentativeSet

_ROUNDING_RATIO = 1e-7
"""A change that gains less of what the workload takes, or is left of that, gains nothing."""


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
    work = TentativeSet(chosen, pool, selection)
    without_any = selection.value(())
    offered = [number for number in work.offered if bounds.allows(number)]
    storage = _Storage(work.chosen, bounds)
    is_better = True
    while is_better:
        is_better = False
        least = _ROUNDING_RATIO * min(abs(selection.value(work.chosen)), without_any)
        for out, into in _changes(work, offered, bounds, storage):
            is_stale = not work.chosen.issuperset(out) or not work.chosen.isdisjoint(into)
            if is_stale or not storage.has_room(out, into):
                continue
            if work.gain(out, into) <= least:
                continue
            if bounds.fits(work.chosen.difference(out).union(into)):
                work.change(out, into)
                storage.change(out, into)
                is_better = True
    return frozenset(work.chosen)


_Some = tuple[int, ...]
"""Candidates, one or none as a rule."""


class _Storage:
    """What a set takes: one of thousands is not summed up for each change.

    Args:
        chosen: The set at first.
        bounds: What may be chosen.
    """

    def __init__(self, chosen: Collection[int], bounds: Bounds) -> None:
        self.size_bytes = bounds.size_bytes(chosen)
        self._bounds = bounds

    def has_room(self, out: _Some, into: _Some) -> bool:
        """Whether it suffices: nearly all changes that do not fit are too large."""
        allowed_bytes = self._bounds.budget.index_bytes
        if allowed_bytes is None or not into:
            return True
        return self.size_bytes + self._added_bytes(out, into) <= allowed_bytes

    def change(self, out: _Some, into: _Some) -> None:
        """A change was made."""
        self.size_bytes += self._added_bytes(out, into)

    def _added_bytes(self, out: _Some, into: _Some) -> int:
        return self._bounds.size_bytes(into) - self._bounds.size_bytes(out)


def _changes(
    work: TentativeSet, offered: Sequence[int], bounds: Bounds, storage: _Storage
) -> Iterator[tuple[_Some, _Some]]:
    """Changes that may pay, each what goes and what comes: one less, one more, one for another.

    Of two indexes on different tables, each does what it does without regard to the other, or
    nearly so: one is tried for the other only where what both do by themselves comes out well.
    One that does not fit into the storage may come for several that are worth little.
    """
    chosen = sorted(work.chosen)
    for out in chosen:
        yield (out,), ()
    more = {into: work.gain((), (into,)) for into in offered if into not in work.chosen}
    for into in more:
        yield (), (into,)
    less = {out: work.gain((out,), ()) for out in chosen}
    others = _Others(more, bounds)
    for out in chosen:
        if out in work.chosen:
            for into in others.instead_of(out, less[out], storage.size_bytes):
                yield (out,), (into,)
    least_first = sorted(chosen, key=lambda out: -less[out] / max(bounds.size_bytes((out,)), 1))
    size_bytes = bounds.size_bytes(chosen)
    for into, gain in more.items():
        several = _making_room(least_first, size_bytes, into, bounds)
        if len(several) > 1 and gain + sum(less[out] for out in several) > 0:
            yield several, (into,)


class _Others:
    """Candidates outside of a set, in arrays: of millions of exchanges few are worth a look.

    Args:
        gains: What each gains by itself, by candidate.
        bounds: What may be chosen.
    """

    def __init__(self, gains: Mapping[int, float], bounds: Bounds) -> None:
        self._bounds = bounds
        self._numbers = np.array(list(gains), dtype=np.int64)
        self._gains = np.array(list(gains.values()), dtype=np.float64)
        self._table_oids = np.array(list(map(bounds.table_oid, gains)), dtype=np.int64)
        sizes = [bounds.size_bytes((number,)) for number in gains]
        self._sizes_bytes = np.array(sizes, dtype=np.int64)

    def instead_of(self, out: int, loss: float, size_bytes: int) -> list[int]:
        """Those that fit into the storage and may pay in the place of one, in their order.

        Args:
            out: What goes.
            loss: What that gains by itself: less than nothing, as a rule.
            size_bytes: What the set takes with it.
        """
        is_alike = self._table_oids == self._bounds.table_oid(out)
        may_pay = is_alike | (self._gains + loss > 0)
        allowed_bytes = self._bounds.budget.index_bytes
        if allowed_bytes is not None:
            room_bytes = allowed_bytes - size_bytes + self._bounds.size_bytes((out,))
            may_pay &= self._sizes_bytes <= room_bytes
        return [int(number) for number in self._numbers[may_pay]]


def _making_room(chosen: Sequence[int], size_bytes: int, into: int, bounds: Bounds) -> _Some:
    """The first of a set, which takes so much, without which another one fits into the storage."""
    allowed_bytes = bounds.budget.index_bytes
    if allowed_bytes is None:
        return ()
    excess_bytes = size_bytes + bounds.size_bytes((into,)) - allowed_bytes
    out: list[int] = []
    for one in chosen:
        if excess_bytes <= 0:
            break
        out.append(one)
        excess_bytes -= bounds.size_bytes((one,))
    return tuple(out)
