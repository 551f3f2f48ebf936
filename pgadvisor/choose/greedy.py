"""A first set, by saved value per byte: what the exact search begins with, and never falls below.

A move adds the indexes that one plan still lacks, so that two indexes which only pay together
are found too.
"""

from __future__ import annotations

import heapq

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.tentative import TentativeSet


def greedy(pool: Pool, selection: Selection, bounds: Bounds) -> frozenset[int]:
    """Choose by known plans until nothing worthwhile fits any more."""
    moves = {
        one.candidates(plan.uses): None for one in pool.knowledge for plan in one.plans if plan.uses
    }
    work = TentativeSet((), pool, selection)

    def density(move: tuple[int, ...]) -> float:
        """What the rest of a move saves for each byte."""
        rest = [candidate for candidate in move if candidate not in work.chosen]
        return work.gain((), rest) / max(bounds.size_bytes(rest), 1) if rest else 0.0

    # What a move saves seldom grows by others: it is valued again when its turn comes.
    possible = (m for m in moves if all(map(bounds.allows, m)) and bounds.fits(m))
    waiting = [(-density(move), move) for move in possible]
    heapq.heapify(waiting)
    while waiting:
        _, move = heapq.heappop(waiting)
        now = density(move)
        if now <= 0 or not bounds.fits(work.chosen.union(move)):
            continue
        if waiting and now < -waiting[0][0]:
            heapq.heappush(waiting, (-now, move))
            continue
        work.change((), [candidate for candidate in move if candidate not in work.chosen])
    return frozenset(work.chosen)
