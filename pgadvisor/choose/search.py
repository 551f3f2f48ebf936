"""The search for the best set: choose, have it planned, learn, choose again.

A program chooses as if every statement were as cheap as no answer contradicts.  Where it believes
more than is known, that is what the planner is asked next, and what it says is a cut, as in
Benders' decomposition: with everything present but the few indexes by which plans are known to
get cheaper, a statement costs so much, hence one of those has to be chosen to get below.  The
program is relaxed first, which takes milliseconds, and solved in whole numbers when it has no
doubt left.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.explore import explore
from pgadvisor.choose.greedy import greedy
from pgadvisor.choose.inquiry import Inquirer, Question
from pgadvisor.choose.knowledge import SAME_COST_RATIO, StatementKnowledge
from pgadvisor.choose.polish import polish
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selected, Selection
from pgadvisor.choose.smaller import WIDE, SmallerIndexes
from pgadvisor.choose.surroundings import contradictory, narrower

MAX_ROUNDS = 200
_QUESTIONS = 3
"""How often the planner is asked about one believed set before it is chosen anew."""
_STAGES = ((True, 0.0), (False, 0.5), (False, 0.0))
"""Programs, the quick ones first: whether they are relaxed, and how much of what is not proven
yet may stay so in one round, since most of it falls by asking."""
_PROGRESS_RATIO = 0.02
"""Of what is not proven yet: a round that proves less gets nowhere."""
_IDLE_ROUNDS = 4
"""After so many of those in a row it is left at that."""
_FIRST_SETS_EVERY = 8
"""Rounds after which a set is made anew from all that has been learnt meanwhile."""
_GREEDY_ATTEMPTS = 4
HALVINGS = 2
"""How often statements are planned with candidates of half the size."""
_SHORTEST_MS = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best set that was found."""

    chosen: frozenset[int]
    value: float
    """What statements and candidates cost a day with it; planned, not concluded."""
    bound: float
    """No set within the bounds costs less."""
    rounds: int
    is_cut_short: bool


class Search:
    """Searches one pool of candidates; what it learns for one budget serves the next.

    Args:
        pool: The statements.
        inquirer: Who asks the planner.
        selection: The program.
        sizes_bytes: Of the candidates, by number.
    """

    def __init__(
        self,
        pool: Pool,
        inquirer: Inquirer,
        selection: Selection,
        sizes_bytes: Sequence[int],
    ) -> None:
        self._pool = pool
        self._inquirer = inquirer
        self._selection = selection
        self._sizes_bytes = sizes_bytes
        self._base = selection.value(())
        self._tried: dict[frozenset[int], None] = {frozenset(): None}
        """Sets that were planned as a whole, for any budget."""
        self._settled: list[frozenset[int]] = []

    def best(
        self,
        bounds: Bounds,
        time_limit_ms: float,
        at_least: float = -math.inf,
        start: frozenset[int] = frozenset(),
    ) -> Found:
        """The best set within bounds.

        Args:
            bounds: What may be chosen.
            time_limit_ms: When to end with the best so far.
            at_least: No set costs less, as is known already.
            start: A set to begin with.
        """
        deadline = time.monotonic() + time_limit_ms / 1000
        self._look_at_small_ones(bounds)
        allowed, bounds = bounds, bounds.without(self._never_taken())
        self._try(start)
        self._try_greedy(bounds, deadline)
        self._polish(bounds, deadline)
        lowest, rounds = self._proven(bounds, deadline, max(at_least, self._selection.least_value))
        self._polish(bounds, deadline)
        self._better(bounds, deadline)
        self._narrow(allowed, deadline)
        chosen, value = self._verified(allowed)
        return Found(
            chosen=chosen,
            value=value,
            bound=min(lowest, value),
            rounds=rounds,
            is_cut_short=value - lowest > self._selection.close_enough(value)
            and time.monotonic() >= deadline,
        )

    def settled(self, found: Found, bounds: Bounds) -> Found:
        """The best of a set that is to be proposed, and of those that were before.

        Args:
            found: The set.
            bounds: What may be chosen.
        """
        self._settled.append(found.chosen)
        allowed = [one for one in self._settled if bounds.fits(one) and bounds.holds(one)]
        valued = [(self._selection.value(one), len(one), sorted(one)) for one in allowed]
        value, _, chosen = min(valued)
        return replace(found, chosen=frozenset(chosen), value=value, bound=min(found.bound, value))

    def _better(self, bounds: Bounds, deadline: float) -> None:
        """Look around the best set where the planner contradicts itself, and change it."""
        chosen: frozenset[int] | None = None
        while time.monotonic() < deadline and chosen != self._incumbent(bounds)[0]:
            chosen = self._incumbent(bounds)[0]
            around = dict.fromkeys(contradictory(self._pool, self._inquirer, chosen))
            self._inquirer.ask_without_hopes(
                (one, shown) for one, shown in around if one.planned(shown) is None
            )
            self._polish(bounds, deadline)

    def _narrow(self, bounds: Bounds, deadline: float) -> None:
        """Leave columns away that are not worth having."""
        chosen, value = self._incumbent(bounds)
        least = self._selection.close_enough(value)
        for number in sorted(chosen):
            for other in narrower(number, self._inquirer, self._selection, bounds, least):
                instead = (chosen - {number}) | {other}
                if time.monotonic() >= deadline or instead in self._tried:
                    continue
                self._try(instead)
                if bounds.fits(instead) and self._selection.value(instead) < value:
                    chosen, value = instead, self._selection.value(instead)
                    break

    def _proven(self, bounds: Bounds, deadline: float, lowest: float) -> tuple[float, int]:
        """Ask about what programs believe, until no set can be much better than the best so far.

        Args:
            bounds: What may be chosen.
            deadline: When to end.
            lowest: No set costs less, as is known already.

        Returns:
            No set costs less; and how many programs that took.
        """
        stages, rounds, idle = list(_STAGES), 0, 0
        while stages and rounds < MAX_ROUNDS:
            rounds += 1
            is_relaxed, gap_ratio = stages[0]
            best, value = self._incumbent(bounds)
            if value - lowest <= self._selection.close_enough(value):
                break
            believed = self._selection.optimistic(
                bounds,
                time_limit_ms=_left_ms(deadline),
                gap=(value - lowest) * gap_ratio,
                is_relaxed=is_relaxed,
                start=None if is_relaxed else best,
                value=value,
            )
            if believed is None:
                break
            is_idle = believed.bound - lowest < _PROGRESS_RATIO * (value - lowest)
            idle = idle + 1 if is_idle and rounds > 1 else 0
            lowest = max(lowest, believed.bound)
            if time.monotonic() >= deadline:
                break
            told = self._ask_about(believed, bounds, is_whole=not is_relaxed)
            if time.monotonic() >= deadline:
                break
            if not told or idle >= _IDLE_ROUNDS:
                if is_relaxed:  # before the programs that take long
                    self._better(bounds, deadline)
                stages.pop(0)  # such a program has no doubt left, or gets nowhere by asking
                idle = 0
            if _is_time_for_sets(rounds):
                self._try_greedy(bounds, deadline)
                self._polish(bounds, deadline)
            if is_relaxed and time.monotonic() < deadline:
                self._begin_anew(believed.rounded(bounds), bounds)
        return lowest, rounds

    def _ask_about(self, believed: Selected, bounds: Bounds, *, is_whole: bool) -> int:
        """Ask about what a program believes; 0: that told nothing."""
        doubts = self._doubts(believed, bounds)
        is_allowed = is_whole and bounds.fits(believed.chosen)
        if is_allowed:
            doubts += self._unplanned(believed.chosen)
            self._tried[believed.chosen] = None
        told = self._inquirer.ask(doubts)
        if is_allowed:  # it is not near to the best set so far
            self._begin_anew(believed.chosen, bounds)
        for _ in range(_QUESTIONS - 1):
            self._inquirer.ask(self._doubts(believed, bounds))
        return told

    def _begin_anew(self, start: frozenset[int], bounds: Bounds) -> None:
        """Better a set by small changes; where it then seems the best, have it planned."""
        after = polish(start, self._pool, self._selection, bounds)
        if self._selection.value(after) < self._incumbent(bounds)[1]:
            self._try(after)

    def _never_taken(self) -> frozenset[int]:
        """Of a wide pool, the candidates that no plan has taken so far, whatever was withheld.

        With hundreds of candidates each plan takes several times as long, and nearly all of them
        are there in vain.
        """
        statements = self._pool.knowledge
        if max((len(one.usable) for one in statements), default=0) <= WIDE:
            return frozenset()
        taken = {
            number
            for one in statements
            for answer in one.answers
            for number in one.candidates(answer.uses)
        }
        return frozenset(range(len(self._sizes_bytes))) - taken

    def _look_at_small_ones(self, bounds: Bounds) -> None:
        """Learn what statements cost with indexes of which several fit into the budget.

        With everything present the planner takes large ones, and says nothing of the others.
        """
        smaller = SmallerIndexes(self._pool, self._sizes_bytes, bounds, self._base)
        for small in smaller.shares():
            explore(self._pool.knowledge, self._inquirer, small)
        for _ in range(HALVINGS):
            self._inquirer.ask(smaller.halves())
        self._inquirer.ask(smaller.beginnings(self._inquirer))

    def _try_greedy(self, bounds: Bounds, deadline: float) -> None:
        """Make a set from all that is known, until planning it tells nothing new to it.

        Its plans may turn out to be dearer than they were known to be.
        """
        for _ in range(_GREEDY_ATTEMPTS):
            chosen = greedy(self._pool, self._selection, bounds)
            if chosen in self._tried:
                return
            self._try(chosen)  # once also where no time is left: a set is made whatever happens
            if time.monotonic() >= deadline:
                return

    def _polish(self, bounds: Bounds, deadline: float) -> None:
        """Better the best set by small changes, and have it planned, while that helps."""
        while True:
            before = self._incumbent(bounds)[0]
            after = polish(before, self._pool, self._selection, bounds)
            if after in self._tried:
                return
            self._try(after)
            if time.monotonic() >= deadline:
                return

    def _try(self, chosen: frozenset[int]) -> None:
        self._tried[chosen] = None
        self._inquirer.ask(self._unplanned(chosen))

    def _unplanned(self, chosen: frozenset[int], *, literally: bool = False) -> Iterator[Question]:
        """Statements of which nothing tells what they cost with a set."""
        for one, shown in self._pool.seen(chosen):
            if one.planned(shown) is None and (literally or one.exact(shown) is None):
                yield one, shown

    def _incumbent(self, bounds: Bounds) -> tuple[frozenset[int], float]:
        """The best of the sets that were tried; the fewest and first of equal ones."""
        allowed = [one for one in self._tried if bounds.fits(one) and bounds.holds(one)]
        valued = [(self._selection.value(one), len(one), sorted(one)) for one in allowed]
        value, _, chosen = min(valued)
        return frozenset(chosen), value

    def _verified(self, bounds: Bounds) -> tuple[frozenset[int], float]:
        """The best set, each of its statements planned with just that, nothing concluded.

        What no plan uses is left out of it, unless that is dearer: another index may go for it.
        """
        while True:
            chosen, value = self._incumbent(bounds)
            if self.plan(chosen):
                continue
            used = self._used(chosen)
            if used in self._tried or self._selection.value(used) > value:
                return chosen, value
            self._tried[used] = None

    def _used(self, chosen: frozenset[int]) -> frozenset[int]:
        plans = (one.planned(shown) for one, shown in self._pool.seen(chosen))
        return frozenset(number for plan in plans if plan is not None for number in plan.uses)

    def plan(self, chosen: frozenset[int]) -> int:
        """Have each statement planned with just that set; 0: nothing new was said."""
        return self._inquirer.ask(self._unplanned(chosen, literally=True))

    def plan_for(self, wanted: Iterable[tuple[StatementKnowledge, frozenset[int]]]) -> None:
        """Have statements planned with a set each, where no answer tells what they would cost.

        Nothing that was chosen changes by it, hence nothing is forgotten: what is only hoped for
        is left out this once.
        """
        shown = {(one, one.bits(chosen)): None for one, chosen in wanted}
        self._inquirer.ask_without_hopes(
            (one, bits)
            for one, bits in shown
            if one.planned(bits) is None and one.exact(bits) is None
        )

    def _doubts(self, believed: Selected, bounds: Bounds) -> list[Question]:
        """What to ask where the optimistic program believes more than is known."""
        questions: list[Question] = []
        for one, shown in self._pool.seen(believed.present):
            known = one.best_known(shown).floor * (1 - SAME_COST_RATIO)
            if one.bound(shown) >= known:
                continue
            # What may not be chosen is never shown: the planner would speak of nothing else.
            offered = one.bits(number for number in one.usable if bounds.allows(number))
            cheaper = [p.uses for p in one.plans if p.floor < known and not p.uses & ~offered]
            missing = [uses & ~shown for uses in cheaper]
            withheld = self._withheld(one, [bits for bits in missing if bits])
            questions.append((one, offered & ~withheld))
        return questions

    def _withheld(self, one: StatementKnowledge, sets: Sequence[int]) -> int:
        """Few candidates of which each set has one: large ones, which are dear to choose."""
        left, taken = list(sets), 0
        while left:
            weights: dict[int, int] = {}
            for bits in left:
                for bit in _bits(bits):
                    size_bytes = self._sizes_bytes[one.usable[bit.bit_length() - 1]]
                    weights[bit] = weights.get(bit, 0) + size_bytes
            most = min(weights, key=lambda bit: (-weights[bit], bit))
            taken |= most
            left = [bits for bits in left if not bits & most]
        return taken


def _is_time_for_sets(rounds: int) -> bool:
    """Soon after the beginning, when each round tells much, and now and then."""
    return rounds & (rounds - 1) == 0 or rounds % _FIRST_SETS_EVERY == 0


def _bits(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest


def _left_ms(deadline: float) -> float:
    return max((deadline - time.monotonic()) * 1000, _SHORTEST_MS)
