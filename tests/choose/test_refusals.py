"""Why each candidate that was not chosen was not."""

from __future__ import annotations

from collections.abc import Mapping

from pgadvisor.choose.bounds import Bounds, Burden, Excess
from pgadvisor.choose.refusals import Refusals
from pgadvisor.model.budget import Budget
from pgadvisor.units import MiB
from tests.choose.stated import StatedPlan, a_candidate, a_plan, a_pool, a_price, cheapest

CANDIDATES = tuple(a_candidate(number) for number in range(4))
PRICES = (
    a_price(0, size_bytes=MiB, build_ms=10.0),
    a_price(1, size_bytes=2 * MiB, build_ms=20.0),
    a_price(2, size_bytes=4 * MiB, write_value=5.0, entries_per_day=12_000.0, build_ms=40.0),
    a_price(3, size_bytes=8 * MiB, build_ms=80.0),
)
PLANS = {
    "first": (a_plan(100.0), a_plan(10.0, 0), a_plan(30.0, 1)),
    "second": (a_plan(50.0), a_plan(46.0, 2)),
    "third": (a_plan(100.0), a_plan(20.0, 3)),
}


def reason(
    number: int,
    *chosen: int,
    budget: Budget | None = None,
    forbidden: tuple[int, ...] = (),
    earlier: Mapping[int, Excess] | None = None,
    burdens: tuple[Burden, ...] = (),
    charges: tuple[float, ...] = (1.0, 1.0, 6.0, 1.0),
    plans: Mapping[str, tuple[StatedPlan, ...]] = PLANS,
) -> tuple[str, str]:
    pool = a_pool(plans)
    for one in pool.knowledge:
        for number_of in one.usable:
            plan = cheapest(plans[one.statement.id], (number_of,))
            one.learn(one.bits((number_of,)), plan.cost, one.bits(plan.uses))
    refusals = Refusals(
        chosen=frozenset(chosen),
        bounds=Bounds(budget or Budget(), PRICES, forbidden, burdens),
        pool=pool,
        candidates=CANDIDATES,
        prices=PRICES,
        charges=charges,
        total_per_day=250.0,
        earlier=earlier or {},
    )
    [refused] = refusals.rejected((number, *chosen))
    assert refused.candidate.definition == CANDIDATES[number].definition
    assert refused.candidate.size_bytes == PRICES[number].size_bytes
    return refused.code, refused.reason


def test_its_table_is_forbidden() -> None:
    assert reason(0, forbidden=(0,)) == ("forbidden", "its table is to get no new index")


def test_it_was_taken_out_of_a_set() -> None:
    dearer = Excess(code="regression", reason="the planner makes a statement dearer by it")

    assert reason(0, earlier={0: dearer}) == (
        "regression",
        "the planner makes a statement dearer by it",
    )


def test_no_plan_uses_it() -> None:
    without = {"first": PLANS["first"][:2]}

    assert reason(1, plans=without) == (
        "not-used",
        "the planner takes it for no statement, or takes another before it",
    )


def test_it_helps_only_beside_another_that_is_not_there() -> None:
    together = {"first": (a_plan(100.0), a_plan(10.0, 0, 1))}
    pool = a_pool(together)
    [one] = pool.knowledge
    one.learn(one.everything, 10.0, one.everything)
    refusals = Refusals(
        chosen=frozenset(),
        bounds=Bounds(Budget(), PRICES),
        pool=pool,
        candidates=CANDIDATES,
        prices=PRICES,
        charges=(0.0,) * 4,
        total_per_day=100.0,
    )

    [refused] = refusals.rejected((1,))

    assert (refused.code, refused.reason) == ("not-used", "no plan gets cheaper by it alone")


def test_a_chosen_one_does_its_work() -> None:
    assert reason(1, 0) == ("covered", "the chosen indexes serve its statements")


def test_writes_cost_more_than_it_saves() -> None:
    assert reason(2) == (
        "write-cost",
        "writes would add 12,000 entries a day, which costs more than it saves",
    )


def test_it_saves_too_little_to_be_worth_having() -> None:
    assert reason(3, charges=(1.0, 1.0, 6.0, 100.0)) == (
        "too-little",
        (
            "it would save 32 % of the workload's time beside the chosen ones, "
            "less than what makes an index worth having"
        ),
    )


def test_there_is_no_storage_left() -> None:
    assert reason(3, 0, budget=Budget(index_bytes=8 * MiB)) == (
        "over-budget",
        "needs 8 MB, and the chosen ones leave 7 MB of the budget",
    )


def test_there_are_indexes_enough() -> None:
    assert reason(3, 0, budget=Budget(max_indexes=1)) == (
        "too-many",
        "1 new indexes are allowed",
    )


def test_its_table_has_indexes_enough() -> None:
    assert reason(3, 0, budget=Budget(max_indexes_per_table=1)) == (
        "too-many",
        "a table gets 1 new indexes at most",
    )


def test_there_is_no_time_to_build_it() -> None:
    assert reason(3, 0, budget=Budget(build_ms=80.0)) == (
        "build-time",
        "building takes longer than is allowed",
    )


def test_a_statement_that_writes_would_get_too_dear() -> None:
    burden = Burden(statement_id="7", limit_ms=1.0, added_ms={3: 1.5})

    assert reason(3, burdens=(burden,)) == (
        "regression",
        "writes of statement 7 would get too dear",
    )


def test_another_set_is_worth_as_much() -> None:
    assert reason(3) == ("covered", "another set of the same worth was chosen")


def test_what_was_chosen_is_not_refused() -> None:
    refusals = Refusals(
        chosen=frozenset({0}),
        bounds=Bounds(Budget(), PRICES),
        pool=a_pool(PLANS),
        candidates=CANDIDATES,
        prices=PRICES,
        charges=(0.0,) * 4,
        total_per_day=250.0,
    )

    refused = [one.candidate.definition for one in refusals.rejected((0, 1))]

    assert refused == [CANDIDATES[1].definition]
