"""What is not the same in two plans of one statement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from pgadvisor.history.plan_changes import compare_plans, join_order, spilled_bytes
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.plan_comparison import ChangeKind, PlanComparison
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans
from tests.history.plan_strategies import plans
from tests.parse.plans.test_recorded_plans import RECORDED, recorded

BEFORE = """
Sort  (cost=0..9 rows=90 width=8) (actual time=200.0..210.0 rows=1000 loops=1)
  Sort Key: o.day
  Sort Method: external merge  Disk: 2048kB
  Buffers: shared hit=2000 read=3000, temp read=256 written=256
  ->  Hash Join  (cost=0..9 rows=90 width=8) (actual time=1.0..100.0 rows=1000 loops=1)
        Hash Cond: (o.customer_id = c.id)
        Buffers: shared hit=2000 read=3000
        ->  Seq Scan on orders o  (cost=0..9 rows=90 width=8) (actual time=0.1..80.0 rows=1000 loops=1)
              Filter: (day > '2024-01-01'::date)
              Rows Removed by Filter: 99000
              Buffers: shared hit=1900 read=3000
        ->  Hash  (cost=0..9 rows=9 width=8) (actual time=0.5..0.5 rows=9 loops=1)
              Buckets: 1024  Batches: 1  Memory Usage: 9kB
              Buffers: shared hit=100
              ->  Seq Scan on customers c  (cost=0..9 rows=9 width=8) (actual time=0.1..0.4 rows=9 loops=1)
                    Buffers: shared hit=100
Planning Time: 1.0 ms
Execution Time: 211.0 ms
"""  # noqa: E501
AFTER = """
Nested Loop  (cost=0..9 rows=90 width=8) (actual time=0.1..6.0 rows=1000 loops=1)
  Buffers: shared hit=400
  ->  Index Scan using orders_day on orders o  (cost=0..9 rows=900 width=8) (actual time=0.1..2.0 rows=1000 loops=1)
        Index Cond: (day > '2024-01-01'::date)
        Buffers: shared hit=300
  ->  Index Scan using customers_pkey on customers c  (cost=0..9 rows=1 width=8) (actual time=0.001..0.002 rows=1 loops=1000)
        Index Cond: (id = o.customer_id)
        Buffers: shared hit=100
Settings: work_mem = '64MB'
Planning Time: 1.2 ms
Execution Time: 7.0 ms
"""  # noqa: E501


def compared(before: str, after: str) -> PlanComparison:
    [old], [new] = read_plans(before), read_plans(after)
    return of(old, new)


def of(old: ExecutedPlan, new: ExecutedPlan) -> PlanComparison:
    return compare_plans((old, plan_use(old)), (new, plan_use(new)))


def told(comparison: PlanComparison) -> set[tuple[str, int | None, int | None, object, object]]:
    return {(c.kind.value, c.before, c.after, c.was, c.now) for c in comparison.changes}


def test_tells_what_changed_with_its_figures() -> None:
    comparison = compared(BEFORE, AFTER)

    assert (comparison.was_ms, comparison.now_ms) == (210.0, 6.0)
    found = told(comparison)
    assert {
        ("gone", 0, None, "Sort", None),
        ("gone", 3, None, "Hash", None),
        ("node type", 1, 0, "Hash Join", "Nested Loop"),
        ("node type", 2, 1, "Seq Scan", "Index Scan"),
        ("index", 2, 1, None, "orders_day"),
        ("time", 2, 1, 80.0, 2.0),
        ("removed rows", 2, 1, 99_000.0, 0.0),
        ("buffers", 2, 1, 4_900, 300),
        ("estimated rows", 2, 1, 90.0, 900.0),
        ("setting", None, None, None, "64MB"),
    } <= found
    assert ("rows", 2, 1, 1_000.0, 1_000.0) not in found


def test_the_greatest_difference_in_time_comes_first() -> None:
    first, *_ = compared(BEFORE, AFTER).changes

    assert (first.kind, first.subject) == (ChangeKind.SETTING, "work_mem")  # of the whole plan
    of_nodes = [c for c in compared(BEFORE, AFTER).changes if c.before is not None]
    assert (of_nodes[0].kind, of_nodes[0].before) == (ChangeKind.GONE, 0)


def test_small_differences_are_none() -> None:
    slower = BEFORE.replace("80.0 rows", "81.0 rows").replace("hit=1900", "hit=1910")

    assert compared(BEFORE, slower).changes == ()


def test_tells_the_order_of_joins_and_their_sides() -> None:
    def three(first: str, second: str, third: str) -> str:
        return f"""
Nested Loop  (cost=0..9 rows=9 width=8)
  ->  Nested Loop  (cost=0..9 rows=9 width=8)
        ->  Seq Scan on {first}  (cost=0..9 rows=9 width=8)
        ->  Seq Scan on {second}  (cost=0..9 rows=9 width=8)
  ->  Seq Scan on {third}  (cost=0..9 rows=9 width=8)
"""

    order = compared(three("a", "b", "c"), three("a", "c", "b"))
    sides = compared(three("a", "b", "c"), three("b", "a", "c"))

    assert ("join order", None, None, "((a, b), c)", "((a, c), b)") in told(order)
    assert told(sides) == {("join sides", None, None, "((a, b), c)", "((b, a), c)")}


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("Sort Method: external merge  Disk: 2048kB", 2_048 * 1024),
        ("Sort Method: quicksort  Memory: 2048kB", 0),
        ("Buffers: temp read=10 written=10", 81_920),
        ("Batches: 5  Memory Usage: 4145kB  Disk Usage: 1024kB", 1024 * 1024),
        ("Buckets: 1024  Batches: 4  Memory Usage: 10kB", 3 * 10_240),
    ],
)
def test_knows_what_was_written_to_disk(line: str, size: int) -> None:
    kind = "Hash" if "Buckets" in line else "HashAggregate" if "Batches" in line else "Sort"
    [plan] = read_plans(
        f"{kind}  (cost=0..9 rows=9 width=8) (actual time=0.1..2.0 rows=9 loops=1)\n  {line}\n"
    )

    assert spilled_bytes(plan_use(plan).nodes[0]) == size


def test_a_spill_that_is_gone_is_told() -> None:
    fits = BEFORE.replace("external merge  Disk", "quicksort  Memory").replace(
        ", temp read=256 written=256", ""
    )

    assert ("spill", 0, 0, 2_097_152, 0) in told(compared(BEFORE, fits))


def test_a_gather_with_fewer_workers_is_told() -> None:
    plan = """
Gather  (cost=0..9 rows=9 width=8) (actual time=0.1..2.0 rows=9 loops=1)
  Workers Planned: 2
  Workers Launched: {0}
  ->  Seq Scan on a  (cost=0..9 rows=9 width=8) (actual time=0.1..2.0 rows=3 loops={1})
"""

    comparison = compared(plan.format(2, 3), plan.format(0, 1))

    assert ("workers", 0, 0, 2.0, 0.0) in told(comparison)


@given(plan=plans())
def test_there_is_nothing_to_tell_of_a_plan_and_itself(plan: ExecutedPlan) -> None:
    assert of(plan, plan).changes == ()


@pytest.mark.parametrize("name", RECORDED)
def test_nor_of_a_plan_of_a_server(name: str) -> None:
    plan = recorded(name, "json")

    assert of(plan, plan).changes == ()


@given(before=plans(), after=plans())
def test_exchanged_plans_have_the_same_changes_the_other_way_round(
    before: ExecutedPlan, after: ExecutedPlan
) -> None:
    mirrored = {"gone": "new", "new": "gone"}

    there, back = told(of(before, after)), told(of(after, before))

    assert there == {
        (mirrored.get(kind, kind), other, mine, now, was) for kind, mine, other, was, now in back
    }


def test_partitions_do_not_make_another_order() -> None:
    [plan] = read_plans("""
Nested Loop  (cost=0..9 rows=9 width=8)
  ->  Append  (cost=0..9 rows=9 width=8)
        ->  Seq Scan on log_1  (cost=0..9 rows=9 width=8)
        ->  Seq Scan on log_2  (cost=0..9 rows=9 width=8)
  ->  Bitmap Heap Scan on b  (cost=0..9 rows=9 width=8)
        ->  Bitmap Index Scan on b_n  (cost=0..9 rows=9 width=8)
""")

    assert join_order(plan_use(plan)) == "(log_1+, b)"
    assert join_order(plan_use(replace(plan, root=plan.root.children[1]))) == "b"
