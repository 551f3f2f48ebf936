"""A first set, by saved value per byte: what the exact search begins with, and never falls below.

A move adds the indexes that one plan still lacks, so that two indexes which only pay together
are found too.
"""

from __future__ import annotations

import heapq

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection

_Move = frozenset[int]


def greedy(pool: Pool, selection: Selection, bounds: Bounds) -> frozenset[int]:
    """Choose by known plans until nothing worthwhile fits any more."""
    moves: dict[_Move, None] = {}
    for one in pool.knowledge:
        for plan in one.plans:
            move = frozenset(one.candidates(plan.uses))
            if move and all(bounds.allows(candidate) for candidate in move):
                moves[move] = None
    chosen: frozenset[int] = frozenset()

    def density(move: _Move) -> float:
        """What the rest of a move saves for each byte."""
        rest = move - chosen
        touched = {id(one): one for candidate in rest for one in pool.users(candidate)}
        saved = 0.0
        for one in touched.values():
            shown = one.bits(chosen)
            gained = one.cost(shown) - one.cost(shown | one.bits(rest))
            saved += one.value_per_cost * gained
        net = saved - sum(selection.charge(candidate) for candidate in rest)
        return net / max(bounds.size_bytes(rest), 1) if rest else 0.0

    # What a move saves seldom grows by others: it is valued again when its turn comes.
    waiting = [(-density(move), sorted(move)) for move in moves]
    heapq.heapify(waiting)
    while waiting:
        _, names = heapq.heappop(waiting)
        move = frozenset(names)
        now = density(move)
        if now <= 0 or not bounds.fits(chosen | move):
            continue
        if waiting and now < -waiting[0][0]:
            heapq.heappush(waiting, (-now, names))
            continue
        chosen |= move
    return chosen
