"""The choice of indexes, from candidates to the set with its proof."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.choose.account import Account
from pgadvisor.choose.appraisal import Appraiser, as_planned
from pgadvisor.choose.bounds import Bounds, Burden, Excess, Price
from pgadvisor.choose.calibration import Calibration
from pgadvisor.choose.explore import explore
from pgadvisor.choose.first_look import Look, look
from pgadvisor.choose.idle_subplans import IdleSubplans
from pgadvisor.choose.inquiry import Inquirer, Progress
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.refusals import Refusals
from pgadvisor.choose.search import Found, Search
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.superseded import Credit, credits_of, superseded
from pgadvisor.choose.valuation import value_workload
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, Rejected, WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import Choice, FrontierPoint, Optimality
from pgadvisor.model.execution import Execution
from pgadvisor.units import MiB
from pgadvisor.whatif.backend import Backend, Built, NotBuilt

BUILD_MS_PER_MIB = 16.0
"""Building 653 MB of indexes on TPC-H at scale 1 took 10.9 s, with two processors, in memory."""
BUILD_EVERY_DAYS = 30.0
"""A build counts for so long, as a share of it each day."""
REGRESSION_MIN_SHARE = 0.01
"""Statements below this share of the workload may get dearer: too small to matter."""
MIN_STATEMENT_GAIN_RATIO = 0.2
"""Indexes have to take at least this share off what a statement costs, a set off what it costs now
and each of its indexes off what it costs beside the others; less is within the error of the
planner's estimates."""
FRONTIER_RATIOS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
"""Budgets of the frontier, as shares of what the best set without a budget takes."""
_FRONTIER_TIME_RATIO = 0.05
"""Of the time limit, for each of its points."""
_SHARE_OF_TIME = 0.5
"""Of the time that is left, for a set of which indexes may turn out not to be worth having."""
_LEAST_LEFT_MS = 500.0
"""With so little left, a search that was cut short is not taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strictness:
    """What an index has to be worth, beside what it costs."""

    min_statement_gain_ratio: float = MIN_STATEMENT_GAIN_RATIO
    storage_ratio: float = 0.01
    """An index as large as all tables together has to save this share of the workload's time."""
    column_ratio: float = 0.005
    """Each column after the first has to save this share of the workload's time: among plans of
    nearly the same cost the planner as often as not takes an index with a column too many."""
    behind_key_ratio: float = 0.05
    """Columns behind all those of a unique key have to save this share: that key finds the row,
    and they only spare the look at it, which costs little where the table is in memory."""
    is_appraised: bool = True
    """Plans cost what they are believed to take, and not what the planner says."""


NO_STRICTNESS = Strictness(
    min_statement_gain_ratio=0.0,
    storage_ratio=0.0,
    column_ratio=0.0,
    behind_key_ratio=0.0,
    is_appraised=False,
)
"""Whatever the planner takes for cheaper is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A search, and what its candidates cost and earn."""

    search: Search
    charges: tuple[float, ...]
    credits: tuple[Credit, ...]


class IndexChooser:
    """Chooses among candidates; what it learns of the planner serves every further budget.

    Args:
        statements: The workload, the most expensive first.
        candidates: What might help.
        backend: The planner that is asked.
        write_cost: What each index costs those who write.
        catalog: The database as it is: storage has a price, and what a new index makes useless
            may go; None: neither.
        strictness: What an index has to be worth.
        executions: Executed plans of the statements, by which costs are corrected.
        progress: Told as statements are costed.

    Raises:
        TwinError: The planner is gone.
    """

    def __init__(
        self,
        statements: Sequence[WeightedStatement],
        candidates: Sequence[Candidate],
        backend: Backend,
        write_cost: WriteCost,
        *,
        catalog: Catalog | None = None,
        strictness: Strictness | None = None,
        executions: Sequence[Execution] = (),
        progress: Progress | None = None,
    ) -> None:
        self._backend = backend
        self._write_cost = write_cost
        self._catalog = catalog
        tables = catalog.snapshot.tables if catalog is not None else ()
        self._heap_bytes = sum(table.size_bytes for table in tables)
        strict = strictness or Strictness()
        self._strictness = strict
        self._statements = tuple(statements)
        self._candidates = tuple({one.definition: one for one in candidates}.values())
        outcomes = backend.build([one.definition for one in self._candidates])
        self._built = {n: o for n, o in enumerate(outcomes) if isinstance(o, Built)}
        self._built_on: dict[int, list[int]] = {}
        for number, built_one in self._built.items():
            self._built_on.setdefault(built_one.definition.table_oid, []).append(number)
        self._not_built = [
            Rejected(candidate=self._candidates[n], code="not-built", reason=o.reason)
            for n, o in enumerate(outcomes)
            if isinstance(o, NotBuilt)
        ]
        built = {number: self._candidates[number] for number in self._built}
        names = {n: k for k, one in self._built.items() for n in (one.name, *one.part_names)}
        definitions = [one.definition for one in self._candidates]
        appraise = as_planned
        if catalog is not None and strict.is_appraised:
            appraise = Appraiser(catalog, {n: definitions[k] for n, k in names.items()}).cost
        idle = IdleSubplans(catalog if strict.is_appraised else None, self._statements)
        self._calibration = Calibration(executions, idle)
        self._looks, self._uncosted = look(
            self._statements, built, backend, appraise, self._calibration, progress
        )
        self._valuation = value_workload(
            self._statements, ((one.statement, one.base_cost) for one in self._looks)
        )
        self._pool = Pool([self._knowledge_of(one) for one in self._looks])
        self._prices = tuple(self._price(number) for number in range(len(self._candidates)))
        self._inquirer = Inquirer(backend, definitions, names, appraise, self._calibration)
        explore(self._pool.knowledge, self._inquirer)
        self._searches: dict[tuple[float, frozenset[str]], _Prepared] = {}

    def _knowledge_of(self, one: Look) -> StatementKnowledge:
        return StatementKnowledge(
            one.statement,
            one.usable,
            self._valuation.value_per_cost(one.statement, one.base_cost),
            one.base_cost,
            self._strictness.min_statement_gain_ratio,
            one.base_planner_cost,
        )

    def choose(self, budget: Budget, *, with_frontier: bool = False) -> Choice:
        """Choose the set that saves most within a budget, and account for it.

        Args:
            budget: What the user allows.
            with_frontier: Tell what other budgets of storage would save, too.

        Raises:
            TwinError: The planner is gone.
        """
        self._protect(budget)
        prepared = self._prepared(budget)
        search = prepared.search
        found, bounds, earlier = self._settled(budget, search)
        account = self._account(found.chosen)
        refusals = Refusals(
            chosen=found.chosen,
            bounds=bounds,
            pool=self._pool,
            candidates=self._candidates,
            prices=self._prices,
            charges=prepared.charges,
            total_per_day=self._valuation.total_per_day,
            earlier=earlier,
        )
        return Choice(
            chosen=account.indexes(search),
            rejected=(*self._not_built, *refusals.rejected(tuple(self._built))),
            superseded=superseded(
                prepared.credits,
                {number: self._built[number].definition for number in found.chosen},
                {number: self._built[number].name for number in found.chosen},
                self._statements,
                self._backend,
            ),
            effects=account.effects(),
            is_measured=self._valuation.is_measured,
            optimality=self._optimality(found, account.saved_per_day()),
            frontier=self._frontier(budget, found, bounds) if with_frontier else (),
            geometric_mean_ratio=account.geometric_mean_ratio(),
            what_if_calls=self._backend.call_count,
            costed_statements=len(self._looks),
            total_statements=len(self._statements),
            uncosted=self._uncosted,
            calibrated=self._calibration.notes,
        )

    def _settled(self, budget: Budget, search: Search) -> tuple[Found, Bounds, dict[int, Excess]]:
        """The best set of which each index is worth having by itself.

        Returns:
            The set, the bounds that were left in the end, and why candidates were taken out.
        """
        allowed, earlier = self._bounds(budget), dict[int, Excess]()
        min_ratio = self._strictness.min_statement_gain_ratio
        deadline, lowest = time.monotonic() + budget.time_limit_ms / 1000, -math.inf
        bounds, start = allowed, frozenset[int]()
        while True:
            left_ms = max((deadline - time.monotonic()) * 1000, 0.0)
            if min_ratio > 0:
                left_ms *= _SHARE_OF_TIME  # some of its indexes may have to go
            found = search.best(bounds, left_ms, at_least=lowest, start=start)
            lowest = found.bound
            weak = self._account(found.chosen).weak(search, min_ratio) if min_ratio > 0 else {}
            is_time_left = (deadline - time.monotonic()) * 1000 > _LEAST_LEFT_MS
            if not weak and not (found.is_cut_short and is_time_left):
                return search.settled(found, allowed), bounds, earlier
            earlier |= weak
            bounds, start = bounds.without(weak), found.chosen.difference(weak)

    def _prepared(self, budget: Budget) -> _Prepared:
        """The search in which an index has to be worth what the budget says."""
        key = budget.min_saving_ratio, budget.protected
        known = self._searches.get(key)
        if known is None:
            charges = tuple(
                price.write_value + self._least(number, budget)
                for number, price in enumerate(self._prices)
            )
            earned = self._credits(budget)
            bonuses = [(credit.heirs, credit.value) for credit in earned]
            selection = Selection(self._pool, charges, bonuses)
            sizes_bytes = [price.size_bytes for price in self._prices]
            search = Search(self._pool, self._inquirer, selection, sizes_bytes)
            known = _Prepared(search=search, charges=charges, credits=earned)
            self._searches[key] = known
        return known

    def _credits(self, budget: Budget) -> tuple[Credit, ...]:
        if self._catalog is None:
            return ()
        return credits_of(
            self._catalog,
            {number: built.definition for number, built in self._built.items()},
            self._write_cost,
            protected=budget.protected,
            is_measured=self._valuation.is_measured,
        )

    def _least(self, number: int, budget: Budget) -> float:
        """What an index has to save a day to be worth having, beside what writes pay for it."""
        strict, ratio = self._strictness, budget.min_saving_ratio
        if self._heap_bytes:
            size_bytes = self._prices[number].size_bytes
            ratio += strict.storage_ratio * size_bytes / self._heap_bytes
        definition = self._candidates[number].definition
        ratio += strict.column_ratio * (len(definition.keys) + len(definition.include) - 1)
        if self._is_behind_key(definition):
            ratio += strict.behind_key_ratio
        return ratio * self._valuation.total_per_day

    def _is_behind_key(self, definition: IndexDefinition) -> bool:
        """Some of its columns come after all those of a unique key."""
        if self._catalog is None:
            return False
        columns = [*definition.key_columns, *definition.include]
        return any(
            index.is_unique
            and index.is_valid
            and index.predicate is None
            and set(index.key_columns) <= set(columns[:-1])
            for index in self._catalog.indexes_by_table[definition.table_oid]
        )

    def _bounds(self, budget: Budget) -> Bounds:
        definitions = [one.definition for one in self._candidates]
        forbidden = {
            number
            for number, one in enumerate(definitions)
            if number not in self._built
            or {one.table, f"{one.schema}.{one.table}"} & budget.forbidden
        }
        return Bounds(budget, self._prices, forbidden, tuple(self._burdens(budget)))

    def _burdens(self, budget: Budget) -> Iterator[Burden]:
        """Statements that write, take a good part of the time, and must not get much dearer."""
        least = REGRESSION_MIN_SHARE * self._valuation.total_per_day
        for one in self._statements:
            mean_time_ms, time_ms = one.mean_time_ms, one.time_ms_per_day
            if mean_time_ms is None or time_ms is None or time_ms < least:
                continue
            added = {
                number: ms
                for table_oid in sorted(self._write_cost.targets(one))
                for number in self._built_on.get(table_oid, ())
                if (ms := self._added_ms_per_call(one, number)) > 0
            }
            limit_ms = budget.max_regression_ratio * mean_time_ms
            if added:
                yield Burden(statement_id=one.id, limit_ms=limit_ms, added_ms=added)

    def _added_ms_per_call(self, one: WeightedStatement, number: int) -> float:
        return self._write_cost.added_ms_per_call(one, self._built[number].definition)

    def _protect(self, budget: Budget) -> None:
        """Let no statement that takes a good part of the time get much dearer."""
        least = REGRESSION_MIN_SHARE * self._valuation.total_per_day
        for one in self._pool.knowledge:
            is_large = one.value_per_cost * one.base_cost >= least
            ratio = budget.max_regression_ratio if is_large else math.inf
            one.tolerate(one.base_cost * (1 + ratio) + _ROUNDING)

    def _account(self, chosen: frozenset[int]) -> Account:
        return Account(
            chosen=chosen,
            pool=self._pool,
            candidates=self._candidates,
            built=self._built,
            prices=self._prices,
            valuation=self._valuation,
        )

    def _optimality(self, found: Found, saved_per_day: float) -> Optimality:
        return Optimality(
            saved_per_day=saved_per_day,
            bound_per_day=saved_per_day + found.value - found.bound,
            total_per_day=self._pool.base_value,
            rounds=found.rounds,
            is_cut_short=found.is_cut_short,
        )

    def _frontier(self, budget: Budget, found: Found, bounds: Bounds) -> tuple[FrontierPoint, ...]:
        """What other budgets of storage would save."""
        search = self._prepared(budget).search
        limit_ms = budget.time_limit_ms * _FRONTIER_TIME_RATIO
        free = search.best(bounds.within(replace(budget, index_bytes=None)), limit_ms)
        most_bytes = sum(self._prices[number].size_bytes for number in free.chosen)
        sizes = sorted({math.ceil(most_bytes * ratio) for ratio in FRONTIER_RATIOS})
        points = {found.chosen: self._point(found, budget.index_bytes, is_chosen=True)}
        for size_bytes in sizes:
            other = search.best(bounds.within(replace(budget, index_bytes=size_bytes)), limit_ms)
            points.setdefault(other.chosen, self._point(other, size_bytes))
        return tuple(sorted(points.values(), key=lambda p: (p.index_bytes, p.saved_per_day)))

    def _point(
        self, found: Found, budget_bytes: int | None, *, is_chosen: bool = False
    ) -> FrontierPoint:
        saved_per_day = self._account(found.chosen).saved_per_day()
        index_bytes = sum(self._prices[number].size_bytes for number in found.chosen)
        return FrontierPoint(
            budget_bytes=index_bytes if budget_bytes is None else budget_bytes,
            index_bytes=index_bytes,
            index_count=len(found.chosen),
            saved_per_day=saved_per_day,
            bound_per_day=saved_per_day + found.value - found.bound,
            is_chosen=is_chosen,
        )

    def _price(self, number: int) -> Price:
        built = self._built.get(number)
        definition = self._candidates[number].definition
        if built is None:
            return Price(name="", table_oid=definition.table_oid, size_bytes=0)
        entries = self._write_cost.entries_per_day(definition)
        build_ms = built.size_bytes / MiB * BUILD_MS_PER_MIB
        # Without measured times nothing says how a planner unit compares with a write.
        paid = entries * WRITE_MS_PER_ENTRY + build_ms / BUILD_EVERY_DAYS
        return Price(
            name=built.name,
            table_oid=definition.table_oid,
            size_bytes=built.size_bytes,
            entries_per_day=entries,
            write_value=paid if self._valuation.is_measured else 0.0,
            build_ms=build_ms,
        )


_ROUNDING = 1e-6
