"""What is asked, what is learnt of it, and what is not believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.explore import explore
from pgadvisor.choose.inquiry import hopeful, used
from pgadvisor.choose.pool import Pool
from pgadvisor.model.plan import Plan, PlanNode
from tests.choose.stated import (
    StatedPlan,
    StatedPlanner,
    a_candidate,
    a_plan,
    a_pool,
    an_inquirer,
)

NUMBERS = {"wanted": 7, "other": 8}
WALKED = PlanNode(node_type="Index Scan", index_name="wanted", filter="(status = 'open')")


def above(node: PlanNode, *types: str, strategy: str | None = None) -> PlanNode:
    """Put nodes above a node, the last one on top."""
    for node_type in types:
        node = PlanNode(node_type=node_type, strategy=strategy, children=(node,))
    return node


def test_an_index_that_is_walked_under_a_limit_until_a_filter_is_content_is_a_hope() -> None:
    assert hopeful(above(WALKED, "Limit"), NUMBERS) == (7,)
    assert hopeful(above(WALKED, "Nested Loop", "Limit"), NUMBERS) == (7,)
    assert hopeful(above(WALKED, "Limit", "Sort"), NUMBERS) == (7,)


def test_without_a_limit_everything_is_read_and_counted() -> None:
    assert hopeful(WALKED, NUMBERS) == ()


@pytest.mark.parametrize("between", ["Sort", "Hash", "Bitmap Heap Scan"])
def test_what_reads_everything_first_hopes_for_nothing(between: str) -> None:
    assert hopeful(above(WALKED, between, "Limit"), NUMBERS) == ()


def test_an_aggregate_reads_everything_unless_it_is_sorted() -> None:
    for strategy, hopes in (("Hashed", ()), ("Plain", ()), ("Sorted", (7,))):
        assert hopeful(above(WALKED, "Aggregate", "Limit", strategy=strategy), NUMBERS) == hopes


def test_an_index_that_finds_the_rows_is_no_hope() -> None:
    found = PlanNode(
        node_type="Index Scan", index_name="wanted", filter="b", index_condition="a = 1"
    )
    unfiltered = PlanNode(node_type="Index Scan", index_name="wanted")

    assert hopeful(above(found, "Limit"), NUMBERS) == ()
    assert hopeful(above(unfiltered, "Limit"), NUMBERS) == ()


def test_an_index_that_exists_already_is_nobody_to_be_refused() -> None:
    existing = PlanNode(node_type="Index Scan", index_name="orders_pkey", filter="b")

    assert hopeful(above(existing, "Limit"), NUMBERS) == ()


def test_a_plan_uses_the_candidates_that_it_reads() -> None:
    scans = [PlanNode(node_type="Index Scan", index_name=n) for n in ("other", "wanted", "pkey")]
    plan = Plan(root=PlanNode(node_type="Append", children=tuple(scans)))

    assert used(plan, NUMBERS) == (7, 8)


CANDIDATES = tuple(a_candidate(number) for number in range(6))
HOPES = tuple(a_plan(10.0 + number, number, hopes=(number,)) for number in range(5))


def asked(plans: tuple[StatedPlan, ...], *sets: tuple[int, ...]) -> tuple[Pool, int]:
    pool = a_pool({"1": plans})
    [one] = pool.knowledge
    inquirer = an_inquirer(StatedPlanner({"1": plans}, CANDIDATES), CANDIDATES)
    return pool, inquirer.ask([(one, one.bits(each)) for each in sets])


def test_what_the_planner_says_is_learnt() -> None:
    pool, told = asked((a_plan(100.0), a_plan(30.0, 2)), (2,))

    [one] = pool.knowledge
    assert told == 1
    assert one.cost(one.bits((2,))) == 30.0


def test_a_candidate_that_is_only_hoped_for_is_forgotten() -> None:
    pool, told = asked((a_plan(100.0), a_plan(30.0, 2, hopes=(2,)), a_plan(40.0, 3)), (2, 3))

    [one] = pool.knowledge
    assert told == 1
    assert one.bits((2, 3)) == one.bits((3,))
    assert one.exact(one.bits((3,))) is None


def test_nothing_is_learnt_of_a_plan_with_what_was_forgotten_meanwhile() -> None:
    plans = (a_plan(100.0), a_plan(10.0, 2, 3, hopes=(2,)), a_plan(30.0, 2))

    pool, told = asked(plans, (2, 3), (2,))

    [one] = pool.knowledge
    assert told == 1
    assert [(plan.cost, plan.uses) for plan in one.plans] == [(100.0, 0)]


def explored(plans: tuple[StatedPlan, ...]) -> tuple[Pool, StatedPlanner]:
    pool = a_pool({"1": plans})
    planner = StatedPlanner({"1": plans}, CANDIDATES)
    explore(pool.knowledge, an_inquirer(planner, CANDIDATES))
    return pool, planner


def test_one_question_tells_the_cheapest_plan_and_what_it_takes() -> None:
    pool, planner = explored((a_plan(100.0), a_plan(10.0, 0, 1), a_plan(20.0, 2), a_plan(30.0, 0)))

    [one] = pool.knowledge
    assert [(plan.cost, one.candidates(plan.uses)) for plan in one.plans] == [
        (10.0, (0, 1)),
        (100.0, ()),
    ]
    assert planner.call_count == 1


def test_hopes_are_no_runners_up_however_many_there_are() -> None:
    pool, _ = explored((a_plan(100.0), *HOPES, a_plan(50.0, 5)))

    [one] = pool.knowledge
    assert one.candidates(one.everything) == (5,)
    assert one.cost(one.everything) == 50.0


def test_a_statement_that_nothing_helps_is_asked_once() -> None:
    pool, planner = explored((a_plan(100.0), a_plan(100.0, 1)))

    [one] = pool.knowledge
    assert one.exact(one.everything) is not None
    assert planner.call_count == 1


ON_ORDERS = (a_candidate(0), a_candidate(1), a_candidate(2, "c0", "c1"))
ON_TWO_TABLES = (*ON_ORDERS, a_candidate(3, table="customers", table_oid=2))
EITHER = "((c0 = 1) OR (c1 = 2))"


def alone(plan_filter: str) -> list[tuple[int, ...]]:
    """What is asked of a statement whose plan with everything has such a filter."""
    plans = (a_plan(100.0), a_plan(50.0, 0, 1, 2, 3), replace(a_plan(10.0, 3), filter=plan_filter))
    [one] = a_pool({"1": plans}).knowledge
    inquirer = an_inquirer(StatedPlanner({"1": plans}, ON_TWO_TABLES), ON_TWO_TABLES)
    inquirer.ask([(one, one.everything)])
    return [one.candidates(shown) for _, shown in inquirer.alone(one, one.everything)]


def test_where_an_or_decides_each_column_is_tried_alone_beside_what_other_tables_have() -> None:
    assert alone(EITHER) == [(0, 3), (1, 3)]


def test_where_no_or_decides_nothing_is_tried_alone() -> None:
    assert alone("(c0 = 1)") == []


def test_an_index_begins_with_those_of_its_table_that_hold_the_same_in_the_same_order() -> None:
    candidates = (
        a_candidate(0, "a", "b"),
        a_candidate(1, "a"),
        a_candidate(2, "b"),
        a_candidate(3, "b", "a"),
        a_candidate(4, "a", table="elsewhere", table_oid=2),
    )

    inquirer = an_inquirer(StatedPlanner({}, candidates), candidates)

    assert inquirer.beginnings(0) == (1,)
