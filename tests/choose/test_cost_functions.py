"""Whatever the planner's costs are: what is concluded from some of them holds for all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.choose.bounds import Bounds, Burden
from pgadvisor.choose.explore import explore
from pgadvisor.choose.greedy import greedy
from pgadvisor.choose.knowledge import INTOLERABLE, StatementKnowledge
from pgadvisor.choose.polish import polish
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.search import Search
from pgadvisor.choose.selection import Selection
from pgadvisor.model.budget import Budget
from tests.choose.stated import (
    StatedPlan,
    StatedPlanner,
    a_candidate,
    a_plan,
    a_pool,
    a_price,
    an_inquirer,
    cheapest,
    honest,
)

CANDIDATES = 6
EVERYTHING = (1 << CANDIDATES) - 1
ALL_SETS = tuple(
    frozenset(chosen)
    for count in range(CANDIDATES + 1)
    for chosen in combinations(range(CANDIDATES), count)
)
ROUNDING = 1e-6

costs = st.integers(0, 1_000).map(float)
sets = st.frozensets(st.integers(0, CANDIDATES - 1), min_size=1, max_size=3)


@st.composite
def plans(
    draw: st.DrawFn, *, with_hopes: bool = False, with_extras: bool = False
) -> tuple[StatedPlan, ...]:
    """A cost function: the least of the plans whose indexes are there."""
    found = [a_plan(1_000.0)]
    for uses in draw(st.lists(sets, max_size=8)):
        hopes = draw(st.frozensets(st.sampled_from(sorted(uses)))) if with_hopes else ()
        extra = draw(st.sampled_from((0.0, 300.0, 2_000.0))) if with_extras else 0.0
        found.append(a_plan(draw(costs), *uses, hopes=hopes, extra=extra))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Statements, candidates, and what may be chosen."""

    plans: dict[str, tuple[StatedPlan, ...]]
    values: dict[str, float]
    charges: tuple[float, ...]
    bonuses: tuple[tuple[frozenset[int], float], ...]
    bounds: Bounds
    tolerated_cost: float = math.inf

    def allowed(self) -> Iterator[frozenset[int]]:
        """All sets within the bounds."""
        for chosen in ALL_SETS:
            if self.bounds.holds(chosen) and self.bounds.excess(chosen) is None:
                yield chosen

    def value(self, pool: Pool, chosen: frozenset[int]) -> float:
        """What all costs a day with a set, by the plans themselves."""
        value = sum(self.charges[number] for number in chosen)
        value -= sum(bonus for those, bonus in self.bonuses if those & chosen)
        for one in pool.knowledge:
            usable = chosen & frozenset(one.candidates(one.everything))
            cost = honest(self.plans[one.statement.id], usable).appraised_cost
            factor = INTOLERABLE if cost > self.tolerated_cost else 1.0
            value += one.value_per_cost * cost * factor
        return value

    def best(self, pool: Pool) -> float:
        """Of all sets within the bounds."""
        return min(self.value(pool, chosen) for chosen in self.allowed())


@st.composite
def problems(draw: st.DrawFn, *, with_hopes: bool = False, with_extras: bool = False) -> Problem:
    """Up to four statements and six candidates under some bounds."""
    names = [str(number) for number in range(draw(st.integers(1, 4)))]
    numbers = range(CANDIDATES)
    prices = [
        a_price(
            number,
            size_bytes=draw(st.integers(1, 10)),
            table_oid=draw(st.integers(1, 2)),
            build_ms=float(draw(st.integers(1, 10))),
        )
        for number in numbers
    ]
    budget = Budget(
        index_bytes=draw(st.none() | st.integers(0, 30)),
        max_indexes=draw(st.none() | st.integers(0, 4)),
        max_indexes_per_table=draw(st.integers(1, 5)),
        build_ms=draw(st.none() | st.integers(0, 30).map(float)),
    )
    added = draw(st.dictionaries(st.sampled_from(numbers), st.integers(1, 4).map(float)))
    burden = Burden(statement_id="w", limit_ms=float(draw(st.integers(0, 8))), added_ms=added)
    return Problem(
        plans={name: draw(plans(with_hopes=with_hopes, with_extras=with_extras)) for name in names},
        values={name: draw(st.sampled_from((0.1, 1.0, 5.0, 1e5))) for name in names},
        charges=tuple(draw(st.integers(0, 200).map(float)) for _ in numbers),
        bonuses=tuple(
            draw(st.lists(st.tuples(sets, st.integers(1, 1_500).map(float)), max_size=2))
        ),
        bounds=Bounds(budget, prices, draw(st.frozensets(st.sampled_from(numbers))), (burden,)),
        tolerated_cost=draw(st.sampled_from((1_100.0, math.inf))) if with_extras else math.inf,
    )


def learnt(one: StatementKnowledge, its: Sequence[StatedPlan], shown: frozenset[int]) -> None:
    plan = cheapest(its, shown)
    one.learn(one.bits(shown), plan.cost, one.bits(plan.uses), plan.appraised_cost)


def partly_known(problem: Problem, asked: Sequence[frozenset[int]]) -> Pool:
    """The statements, with what the planner says of some sets."""
    pool = a_pool(problem.plans, values=problem.values)
    for one in pool.knowledge:
        one.tolerate(problem.tolerated_cost)
        for shown in asked:
            learnt(one, problem.plans[one.statement.id], shown)
    return pool


@given(plans(), st.lists(st.sampled_from(ALL_SETS)))
def test_no_cost_is_beyond_the_bounds(
    its: tuple[StatedPlan, ...], asked: list[frozenset[int]]
) -> None:
    [one] = a_pool({"1": its}).knowledge

    for each in asked:
        learnt(one, its, each)

    for chosen in ALL_SETS:
        shown, cost = one.bits(chosen), cheapest(its, chosen).cost
        assert one.bound(shown) <= cost <= one.best_known(shown).cost
        exact = one.exact(shown)
        assert exact is None or exact.cost == cost
        assert cost <= one.cost(shown)


@given(plans(), st.lists(st.sampled_from(ALL_SETS)))
def test_a_statement_whose_sets_were_all_planned_is_known(
    its: tuple[StatedPlan, ...], asked: list[frozenset[int]]
) -> None:
    [one] = a_pool({"1": its}).knowledge

    for each in (*asked, *ALL_SETS):
        learnt(one, its, each)

    for chosen in ALL_SETS:
        shown, cost = one.bits(chosen), cheapest(its, chosen).cost
        assert one.bound(shown) == one.best_known(shown).cost == one.cost(shown) == cost


@pytest.mark.parametrize("is_relaxed", [False, True])
@pytest.mark.parametrize("is_any_good_of_interest", [False, True])
@given(
    problem=problems(with_extras=True),
    asked=st.lists(st.sampled_from(ALL_SETS)),
    data=st.data(),
)
def test_the_optimistic_program_is_a_bound(
    *,
    problem: Problem,
    asked: list[frozenset[int]],
    data: st.DataObject,
    is_relaxed: bool,
    is_any_good_of_interest: bool,
) -> None:
    pool = partly_known(problem, asked)
    selection = Selection(pool, problem.charges, problem.bonuses)
    known = math.inf
    if not is_any_good_of_interest:
        known = problem.value(pool, data.draw(st.sampled_from(list(problem.allowed()))))

    believed = selection.optimistic(
        problem.bounds, time_limit_ms=10_000, is_relaxed=is_relaxed, value=known
    )

    assert believed is not None
    assert believed.is_best
    assert min(believed.bound, known) <= problem.best(pool) + ROUNDING * pool.base_value


@given(problems(), st.lists(st.sampled_from(ALL_SETS)))
def test_a_first_set_keeps_to_the_bounds_and_pays(
    problem: Problem, asked: list[frozenset[int]]
) -> None:
    pool = partly_known(problem, asked)
    selection = Selection(pool, problem.charges)

    chosen = greedy(pool, selection, problem.bounds)

    assert chosen in set(problem.allowed())
    assert selection.value(chosen) <= selection.value(()) + ROUNDING


@given(problems(), st.lists(st.sampled_from(ALL_SETS)), st.data())
def test_polishing_keeps_to_the_bounds_and_makes_nothing_worse(
    problem: Problem, asked: list[frozenset[int]], data: st.DataObject
) -> None:
    pool = partly_known(problem, asked)
    selection = Selection(pool, problem.charges)
    before = data.draw(st.sampled_from(list(problem.allowed())))

    after = polish(before, pool, selection, problem.bounds)

    assert after in set(problem.allowed())
    assert selection.value(after) <= selection.value(before) + ROUNDING
    assert polish(after, pool, selection, problem.bounds) == after


@pytest.mark.parametrize(
    ("with_hopes", "with_extras"), [(False, False), (True, False), (False, True)]
)
@given(data=st.data())
def test_the_search_finds_the_best_set_and_proves_it(
    *, data: st.DataObject, with_hopes: bool, with_extras: bool
) -> None:
    problem = data.draw(problems(with_hopes=with_hopes, with_extras=with_extras))
    candidates = [a_candidate(number) for number in range(CANDIDATES)]
    inquirer = an_inquirer(StatedPlanner(problem.plans, candidates), candidates)
    pool = a_pool(problem.plans, values=problem.values)
    for one in pool.knowledge:
        one.tolerate(problem.tolerated_cost)
    explore(pool.knowledge, inquirer)
    selection = Selection(pool, problem.charges, problem.bonuses)
    search = Search(pool, inquirer, selection, [1] * CANDIDATES)

    found = search.best(problem.bounds, 60_000)

    near = 2 * selection.close_enough(found.value)
    assert found.chosen in set(problem.allowed())
    assert found.value == pytest.approx(problem.value(pool, found.chosen), abs=1e-6)
    assert found.value <= problem.best(pool) + near
    assert found.bound <= problem.best(pool) + ROUNDING * pool.base_value
    assert found.value - found.bound <= near
    assert not found.is_cut_short


def test_beside_one_statement_that_gets_very_much_cheaper_the_others_still_count() -> None:
    candidates = [a_candidate(number) for number in range(3)]
    its = {
        "pathological": [a_plan(1e12), a_plan(10.0, 0)],
        "other": [a_plan(1_000.0), a_plan(400.0, 1), a_plan(1.0, 2)],
    }
    pool = a_pool(its)
    inquirer = an_inquirer(StatedPlanner(its, candidates), candidates)
    explore(pool.knowledge, inquirer)
    sizes_bytes = [4, 3, 6]  # the second saves more for each byte, and leaves no room for the third
    search = Search(pool, inquirer, Selection(pool, [0.0] * 3), sizes_bytes)
    prices = [a_price(number, size_bytes=size) for number, size in enumerate(sizes_bytes)]

    found = search.best(Bounds(Budget(index_bytes=10), prices), 10_000)

    assert found.chosen == frozenset({0, 2})
    assert found.bound == pytest.approx(found.value)


@pytest.mark.parametrize("is_beginning", [True, False])
def test_of_a_wide_pool_what_a_taken_index_begins_with_is_not_left_out(
    *, is_beginning: bool
) -> None:
    count = 30  # the planner takes the wide one, by next to nothing
    names = [("a", "b"), ("a",) if is_beginning else ("b",), *((f"c{n}",) for n in range(2, count))]
    candidates = [a_candidate(number, *name) for number, name in enumerate(names)]
    its = [a_plan(1_000.0), a_plan(8.0, 0), a_plan(8.01, 1)]
    its += [a_plan(900.0, number) for number in range(2, count)]
    inquirer = an_inquirer(StatedPlanner({"1": its}, candidates), candidates)
    pool = a_pool({"1": its})
    explore(pool.knowledge, inquirer)
    charges = [10.0, *[5.0] * (count - 1)]
    search = Search(pool, inquirer, Selection(pool, charges), [1] * count)

    found = search.best(Bounds(Budget(), [a_price(n) for n in range(count)]), 10_000)

    assert found.chosen == frozenset({1 if is_beginning else 0})
