"""What a few answers of the planner tell about all sets."""

from __future__ import annotations

import pytest

from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from tests.choose.stated import a_weighted

A, B, C = 1, 2, 4
"""Three candidates as bits; their numbers are 10, 20 and 30."""


def knowledge(
    base_cost: float = 100.0, *, min_gain_ratio: float = 0.0, usable: tuple[int, ...] = (10, 20, 30)
) -> StatementKnowledge:
    return StatementKnowledge(a_weighted(), usable, 2.0, base_cost, min_gain_ratio)


def test_knows_at_first_what_it_costs_now() -> None:
    one = knowledge()

    assert one.cost(0) == one.cost(A | B | C) == 100.0
    assert one.exact(0) is not None
    assert one.exact(A) is None
    assert (one.bound(0), one.bound(A)) == (100.0, 0.0)


def test_an_answer_is_exact_for_every_set_between_what_it_used_and_what_it_saw() -> None:
    one = knowledge()

    one.learn(A | B, 40.0, A)

    exact = {shown: found.cost for shown in range(8) if (found := one.exact(shown))}
    assert exact == {0: 100.0, A: 40.0, A | B: 40.0}


def test_an_answer_is_a_bound_from_above_where_its_indexes_are() -> None:
    one = knowledge()

    one.learn(A | B, 40.0, A)

    assert [one.best_known(shown).cost for shown in (A, A | C, A | B | C)] == [40.0] * 3
    assert [one.best_known(shown).cost for shown in (0, B, C, B | C)] == [100.0] * 4


def test_an_answer_is_a_bound_from_below_where_nothing_else_is() -> None:
    one = knowledge()

    one.learn(A | B, 40.0, A)

    assert [one.bound(shown) for shown in (A, B, A | B)] == [40.0] * 3
    assert [one.bound(shown) for shown in (C, A | C)] == [0.0] * 2
    assert one.bound(0) == 100.0


def test_the_bounds_of_several_answers_meet() -> None:
    one = knowledge()
    one.learn(A | B | C, 10.0, A)

    one.learn(B | C, 60.0, B)

    assert one.best_known(A | C).cost == one.bound(A | C) == 10.0
    assert one.best_known(B | C).cost == one.bound(B | C) == 60.0
    assert (one.bound(C), one.best_known(C).cost) == (60.0, 100.0)


def test_keeps_no_plan_that_needs_all_of_a_cheaper_one() -> None:
    one = knowledge()

    one.learn(A, 40.0, A)
    one.learn(A | B, 50.0, A | B)
    one.learn(C, 70.0, C)

    assert [(plan.cost, plan.uses) for plan in one.plans] == [(40.0, A), (70.0, C), (100.0, 0)]


def test_a_gain_too_small_to_be_believed_is_none() -> None:
    one = knowledge(min_gain_ratio=0.2)

    one.learn(A, 80.1, A)
    one.learn(B, 80.0, B)

    assert (one.cost(A), one.cost(B)) == (100.0, 80.0)
    assert [(plan.cost, plan.uses) for plan in one.plans] == [(80.0, B), (100.0, 0)]
    planned = one.planned(A)
    assert planned is not None
    assert (planned.cost, planned.felt_cost, planned.uses) == (80.1, 100.0, (10,))


def test_a_plan_that_got_dearer_than_now_is_dearer_with_just_that_set() -> None:
    one = knowledge()

    one.learn(A, 130.0, A)

    planned = one.planned(A)
    assert planned is not None
    assert planned.cost == one.cost(A) == 130.0
    # The planner contradicts itself: with more to choose from, nothing should get dearer.
    assert one.best_known(A).cost == one.best_known(A | B).cost == 100.0


def test_the_planner_takes_what_it_believes_to_be_cheap_whatever_it_is_appraised_at() -> None:
    one = knowledge()
    one.learn(A | B | C, 60.0, A, 150.0)

    one.learn(B | C, 80.0, B)

    assert (one.best_known(A | B).cost, one.best_known(B).cost) == (150.0, 80.0)
    assert (one.cost(A), one.cost(A | B), one.cost(B)) == (150.0, 150.0, 80.0)


def test_no_less_is_possible_than_what_the_planner_believes() -> None:
    one = knowledge()

    one.learn(A | B, 60.0, A, 150.0)

    assert [one.bound(shown) for shown in (A, B, A | B)] == [60.0] * 3
    assert [(uses, [p.cost for p in found]) for uses, found in one.dear_plans().items()] == [
        (A, [150.0])
    ]


def test_what_is_not_tolerated_is_dearer_than_anything() -> None:
    one = knowledge()
    one.learn(A, 60.0, A, 115.0)
    one.learn(B, 70.0, B, 105.0)

    one.tolerate(110.0)

    assert (one.cost(A), one.cost(B)) == (11_500.0, 105.0)
    assert (one.is_tolerable(A), one.is_tolerable(B)) == (False, True)
    one.tolerate(120.0)
    assert one.cost(A) == 115.0


def test_trusts_what_was_planned_with_just_that_set_before_what_follows_from_others() -> None:
    one = knowledge()
    one.learn(A | B, 40.0, A)

    one.learn(A, 41.0, A)

    assert one.cost(A) == 41.0
    assert one.best_known(A).cost == 40.0


def test_forgotten_candidates_are_in_no_set_and_no_plan() -> None:
    one = knowledge()
    one.learn(A | B | C, 10.0, A | B)
    one.learn(B | C, 60.0, C)

    one.forget(A)

    assert one.bits((10, 20, 30)) == B | C
    assert [(plan.cost, plan.uses) for plan in one.plans] == [(60.0, C), (100.0, 0)]
    assert one.best_known(B | C).cost == 60.0


def test_what_a_forgotten_plan_cost_stays_a_bound() -> None:
    one = knowledge()
    one.learn(A | B | C, 10.0, A | B)

    one.forget(A)

    assert one.bound(B | C) == 10.0
    assert one.exact(B | C) is None


def test_a_set_may_be_planned_in_the_place_of_another() -> None:
    one = knowledge()
    one.learn(B, 60.0, B)

    one.take_for(A | B, B)

    assert one.planned(A | B) == one.planned(B)
    assert one.exact(A | B) is None


def test_says_sets_in_numbers_and_in_bits() -> None:
    one = knowledge()

    assert one.candidates(A | C) == (10, 30)
    assert one.bits((30, 10, 99)) == A | C


@pytest.fixture
def pool() -> Pool:
    return Pool(
        [
            StatementKnowledge(a_weighted("first"), (1, 2), 1.0, 100.0),
            StatementKnowledge(a_weighted("second"), (2, 3), 2.0, 50.0),
            StatementKnowledge(a_weighted("third"), (4,), 1.0, 10.0),
        ]
    )


def seen(pool: Pool, *chosen: int) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.statement.id, one.candidates(bits)) for one, bits in pool.seen(frozenset(chosen))]


def test_a_set_is_seen_by_the_statements_that_can_use_something_of_it(pool: Pool) -> None:
    assert seen(pool) == []
    assert seen(pool, 4) == [("third", (4,))]
    assert seen(pool, 3, 2) == [("first", (2,)), ("second", (2, 3))]


def test_what_a_statement_forgot_it_does_not_see(pool: Pool) -> None:
    first, _, _ = pool.knowledge

    first.forget(first.bits((2,)))

    assert seen(pool, 2) == [("second", (2,))]
    assert seen(pool, 1, 2) == [("first", (1,)), ("second", (2,))]


def test_the_users_of_a_candidate_are_the_statements_that_could_use_it(pool: Pool) -> None:
    assert [one.statement.id for one in pool.users(2)] == ["first", "second"]
    assert pool.users(9) == ()


def test_a_set_is_worth_what_its_plans_save(pool: Pool) -> None:
    first, second, _ = pool.knowledge
    first.learn(first.bits((2,)), 30.0, first.bits((2,)))
    second.learn(second.bits((2, 3)), 20.0, second.bits((2, 3)))

    assert pool.base_value == pool.value(frozenset()) == 210.0
    assert pool.value(frozenset({2})) == 140.0
    assert pool.value(frozenset({2, 3})) == 80.0
