"""Which nodes of two plans do the same work."""

from __future__ import annotations

import pytest
from hypothesis import given

from pgadvisor.history.plan_match import match_nodes, places_of
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.plan_comparison import NodePair
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans
from tests.history.plan_strategies import plans
from tests.parse.plans.test_recorded_plans import RECORDED, recorded

SEQUENTIAL = """
Sort  (cost=0..9 rows=9 width=8)
  ->  Hash Join  (cost=0..9 rows=9 width=8)
        ->  Seq Scan on orders o  (cost=0..9 rows=9 width=8)
        ->  Hash  (cost=0..9 rows=9 width=8)
              ->  Seq Scan on customers c  (cost=0..9 rows=9 width=8)
"""
INDEXED = """
Nested Loop  (cost=0..9 rows=9 width=8)
  ->  Index Scan using customers_name on customers c  (cost=0..9 rows=9 width=8)
  ->  Bitmap Heap Scan on orders o  (cost=0..9 rows=9 width=8)
        ->  Bitmap Index Scan on orders_customer  (cost=0..9 rows=9 width=8)
"""


def matched(before: str, after: str) -> list[tuple[int | None, int | None]]:
    [first], [second] = read_plans(before), read_plans(after)
    pairs = match_nodes(plan_use(first), plan_use(second))
    return [(pair.before, pair.after) for pair in pairs]


def test_tables_are_found_again_however_they_are_read_and_joined() -> None:
    assert matched(SEQUENTIAL, INDEXED) == [
        (0, None),  # the sort is gone
        (1, 0),  # the join
        (4, 1),  # customers
        (2, 2),  # orders
        (3, None),  # the hash, which stood behind orders
        (None, 3),  # the index of the bitmap
    ]


def test_a_renamed_table_is_found_by_its_own_name() -> None:
    renamed = INDEXED.replace("orders o", "orders x")

    assert (2, 2) in matched(SEQUENTIAL, renamed)


def test_scans_of_a_subquery_are_not_those_of_the_statement() -> None:
    plan = """
Seq Scan on orders  (cost=0..9 rows=9 width=8)
  InitPlan 1 (returns $0)
    ->  Aggregate  (cost=0..9 rows=1 width=8)
          ->  Seq Scan on orders  (cost=0..9 rows=9 width=8)
"""
    since_17 = plan.replace(" (returns $0)", "").replace("Seq Scan", "Index Scan using o_pkey")

    assert matched(plan, since_17) == [(0, 0), (1, 1), (2, 2)]


def test_what_stands_below_a_node_is_what_it_works_on() -> None:
    [plan] = read_plans(SEQUENTIAL)

    assert places_of(plan_use(plan)) == (*(("c", "o"), ("c", "o"), ("o",), ("c",), ("c",)),)


def as_pairs(pairs: tuple[NodePair, ...]) -> set[tuple[int | None, int | None]]:
    return {(pair.before, pair.after) for pair in pairs}


@given(plan=plans())
def test_a_plan_matches_itself_node_by_node(plan: ExecutedPlan) -> None:
    use = plan_use(plan)

    assert [(p.before, p.after) for p in match_nodes(use, use)] == [
        (position, position) for position in range(len(use.nodes))
    ]


@given(before=plans(), after=plans())
def test_it_does_not_matter_which_plan_is_the_first(
    before: ExecutedPlan, after: ExecutedPlan
) -> None:
    old, new = plan_use(before), plan_use(after)

    there, back = as_pairs(match_nodes(old, new)), as_pairs(match_nodes(new, old))

    assert there == {(mine, other) for other, mine in back}


@given(before=plans(), after=plans())
def test_each_node_is_in_one_pair(before: ExecutedPlan, after: ExecutedPlan) -> None:
    old, new = plan_use(before), plan_use(after)

    pairs = match_nodes(old, new)

    firsts = [pair.before for pair in pairs if pair.before is not None]
    seconds = [pair.after for pair in pairs if pair.after is not None]
    assert sorted(firsts) == list(range(len(old.nodes)))
    assert seconds == list(range(len(new.nodes)))


@pytest.mark.parametrize("name", RECORDED)
def test_a_plan_of_a_server_matches_itself(name: str) -> None:
    use = plan_use(recorded(name, "json"))

    assert all(pair.before == pair.after for pair in match_nodes(use, use))
