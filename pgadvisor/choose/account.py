"""What a chosen set does: to each statement, and what each of its indexes is worth in it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pgadvisor.choose.bounds import Excess, Price
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.search import Search
from pgadvisor.choose.valuation import Valuation
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.model.choice import ChosenIndex
from pgadvisor.propose.existing import makes_needless
from pgadvisor.sqltext.index import describe_index
from pgadvisor.units import format_ratio
from pgadvisor.whatif.backend import Built


class Account:
    """Accounts for one chosen set.

    Every statement that it could serve was planned with just that set.

    Args:
        chosen: The set.
        pool: The statements.
        candidates: All candidates, by number.
        built: What the planner made of them.
        prices: What they cost to have.
        valuation: What a unit of planner cost is worth.
    """

    def __init__(
        self,
        *,
        chosen: frozenset[int],
        pool: Pool,
        candidates: Sequence[Candidate],
        built: Mapping[int, Built],
        prices: Sequence[Price],
        valuation: Valuation,
    ) -> None:
        self._chosen = chosen
        self._pool = pool
        self._candidates = candidates
        self._built = built
        self._prices = prices
        self._valuation = valuation
        # What is asked later may show that a statement could not use an index after all.
        self._planned = {one: one.planned(shown) for one, shown in pool.seen(chosen)}

    def effects(self) -> tuple[StatementEffect, ...]:
        """What the set does to each statement that it could serve, the greatest gain first."""
        return self._ordered(
            self._effect(one, one.base_cost, self._cost_now(one)) for one in self._planned
        )

    def indexes(self, search: Search) -> tuple[ChosenIndex, ...]:
        """The indexes of the set, each with its part in it, the most valuable first.

        Args:
            search: Has the statements planned without one of the indexes.
        """
        self._plan_without_each(search)
        rows = [self._index(number) for number in sorted(self._chosen)]
        return tuple(sorted(rows, key=lambda row: (-row.marginal_per_day, row.name)))

    def weak(self, search: Search, min_ratio: float) -> Mapping[int, Excess]:
        """Indexes that are not worth having beside the others, and why; some, if they are many.

        Two that do the same are both weak, and one of them has to stay: only such are returned
        together that no statement uses both.

        Args:
            search: Has the statements planned without one of the indexes.
            min_ratio: What an index has to take off what some statement costs without it, beside
                the others: less is within the error of the plan's estimates.
        """
        self._plan_without_each(search)
        found: list[tuple[float, int, Excess]] = []
        for number in sorted(self._chosen):
            users, excess = self._users(number), self._excess(number, min_ratio)
            if excess is not None:
                missed = (one.value_per_cost * self._missed(one, number)[0] for one in users)
                found.append((sum(missed), number, excess))
        weak: dict[int, Excess] = {}
        touched: set[StatementKnowledge] = set()
        for _, number, excess in sorted(found, key=lambda row: row[:2]):
            users = self._users(number)
            if touched.isdisjoint(users):
                weak[number] = excess
                touched.update(users)
        return weak

    def _excess(self, number: int, min_ratio: float) -> Excess | None:
        """Why an index is not worth having beside the others; None: it is."""
        own = self._candidates[number].definition
        for other in sorted(self._chosen - {number}):
            wider = self._candidates[other].definition
            if makes_needless(wider, own):
                reason = f"the chosen index on {describe_index(wider)} begins with all it holds"
                return Excess(code="covered", reason=reason)
        missed = (self._missed(one, number) for one in self._users(number) if one.base_cost > 0)
        if all(missing < min_ratio * without for missing, without in missed):
            share = format_ratio(min_ratio)
            reason = f"beside the chosen ones it takes less than {share} off each statement"
            return Excess(code="too-little", reason=reason)
        return None

    def _missed(self, one: StatementKnowledge, number: int) -> tuple[float, float]:
        """What a statement costs more without an index of the set, and what it costs then."""
        without = self._cost(one, self._chosen - {number})
        return without - self._cost_now(one), without

    def geometric_mean_ratio(self) -> float | None:
        """Of cost after to cost before, over all statements that were costed."""
        ratios = [
            self._cost_now(one) / one.base_cost for one in self._pool.knowledge if one.base_cost > 0
        ]
        if not ratios:
            return None
        return math.exp(sum(math.log(max(ratio, 1e-9)) for ratio in ratios) / len(ratios))

    def saved_per_day(self) -> float:
        """What the set saves, writes paid."""
        saved = sum(
            one.value_per_cost * (one.base_cost - self._cost_now(one)) for one in self._planned
        )
        return saved - sum(self._prices[number].write_value for number in self._chosen)

    def _plan_without_each(self, search: Search) -> None:
        """Have the users of each index planned without that one."""
        search.plan_for(
            (one, self._chosen - {number})
            for number in sorted(self._chosen)
            for one in self._users(number)
        )

    def _index(self, number: int) -> ChosenIndex:
        price, built = self._prices[number], self._built[number]
        users = self._users(number)
        others = self._chosen - {number}
        losses = [
            (one, self._effect(one, self._cost_now(one), self._cost(one, others))) for one in users
        ]
        lost = sum(one.value_per_cost * (e.cost_after - e.cost_before) for one, e in losses)
        effects = self._ordered(
            self._effect(one, one.base_cost, self._cost_now(one)) for one in users
        )
        shares = [
            effect.saved_ms_per_day / len(self._uses(one))
            for one in users
            if (effect := self._effect(one, one.base_cost, self._cost_now(one)))
            and effect.saved_ms_per_day is not None
        ]
        return ChosenIndex(
            candidate=replace(self._candidates[number], size_bytes=price.size_bytes),
            name=price.name,
            effects=effects,
            saved_ms_per_day=sum(shares) if shares else None,
            written_entries_per_day=price.entries_per_day,
            write_ms_per_day=price.write_value if self._valuation.is_measured else None,
            marginal_per_day=lost - price.write_value,
            losses=self._losses(effect for _, effect in losses),
            build_ms=price.build_ms,
            notes=built.notes,
            size_notes=built.size_notes,
        )

    def _users(self, number: int) -> list[StatementKnowledge]:
        """Statements whose plan under the set uses an index."""
        return [one for one in self._pool.users(number) if number in self._uses(one)]

    def _uses(self, one: StatementKnowledge) -> Collection[int]:
        planned = self._planned.get(one)
        return planned.uses if planned is not None else ()

    def _cost_now(self, one: StatementKnowledge) -> float:
        """What a call costs with the set."""
        planned = self._planned.get(one)
        return planned.cost if planned is not None else one.base_cost

    def _cost(self, one: StatementKnowledge, chosen: Collection[int]) -> float:
        shown = one.bits(chosen)
        if (planned := one.planned(shown)) is not None:
            return planned.cost
        exact = one.exact(shown)
        return exact.appraised_cost if exact is not None else one.cost(shown)

    def _effect(self, one: StatementKnowledge, before: float, after: float) -> StatementEffect:
        statement = one.statement
        return StatementEffect(
            statement_id=statement.id,
            calls_per_day=statement.calls_per_day,
            cost_before=before,
            cost_after=after,
            mean_time_ms=self._time_ms(one, before),
        )

    def _time_ms(self, one: StatementKnowledge, cost: float) -> float | None:
        """What a call takes at a cost, in proportion to what it takes now."""
        mean_time_ms = one.statement.mean_time_ms
        if mean_time_ms is None or one.base_cost <= 0:
            return mean_time_ms
        return mean_time_ms * cost / one.base_cost

    def _ordered(self, effects: Iterable[StatementEffect]) -> tuple[StatementEffect, ...]:
        return tuple(sorted(effects, key=lambda e: (-self._saved(e), e.statement_id)))

    def _losses(self, effects: Iterable[StatementEffect]) -> tuple[StatementEffect, ...]:
        dearer = [effect for effect in effects if effect.cost_after > effect.cost_before]
        return tuple(sorted(dearer, key=lambda e: (self._saved(e), e.statement_id)))

    def _saved(self, effect: StatementEffect) -> float:
        saved = effect.saved_ms_per_day
        return effect.saved_cost_per_day * self._valuation.ms_per_cost if saved is None else saved
