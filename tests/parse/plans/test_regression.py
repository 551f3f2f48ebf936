"""Whether a statement got slower, and why."""

from __future__ import annotations

import pytest

from pgadvisor.model.execution import Execution
from pgadvisor.model.plan_regression import RegressionCause
from pgadvisor.parse.plans.regression import regressions
from pgadvisor.testing import executed
from tests.parse.plans.test_recorded_plans import RECORDED

BEFORE = """\
Query Text: select * from orders where customer_id = 5
Index Scan using orders_customer_id_idx on orders  (cost=0..9 rows=300 width=8) \
(actual time=0.000..10.000 rows=300 loops=1)
  Index Cond: (customer_id = 5)
  Buffers: shared hit=300
Execution Time: 10.500 ms
"""
AFTER = """\
Query Text: select * from orders where customer_id = 7
Seq Scan on orders  (cost=0..9 rows=300 width=8) (actual time=0.000..100.000 rows=300 loops=1)
  Filter: (customer_id = 7)
  Rows Removed by Filter: 59700
  Buffers: shared hit=1500
Execution Time: 100.500 ms
"""


def one(text: str) -> Execution:
    [execution] = executed(text)
    return execution


def causes(before: str, after: str, indexes: tuple[str, ...] | None = None) -> list[str]:
    return [each.cause for each in regressions(one(before), one(after), indexes=indexes)]


def test_tells_an_index_that_is_not_used_any_more() -> None:
    [found] = regressions(one(BEFORE), one(AFTER))

    assert found.cause is RegressionCause.INDEX_GONE
    assert found.told == (
        "Index orders_customer_id_idx is not used any more, and there is a Seq Scan in its place.  "
        "See whether it was dropped, or is not valid."
    )
    assert found.lost_ms == 90.0
    assert found.time_ratio == pytest.approx(9.57, abs=0.01)
    assert found.block_ratio == 5.0
    assert found.nodes == (0,)


def test_an_index_that_is_there_is_not_gone() -> None:
    assert causes(BEFORE, AFTER, ("orders_customer_id_idx",)) == ["unknown"]
    [found] = regressions(one(BEFORE), one(AFTER), indexes=())
    assert found.told.startswith("Index orders_customer_id_idx is not there any more")


def test_tells_an_estimate_that_changed() -> None:
    after = AFTER.replace("rows=300 width", "rows=30000 width")

    found = regressions(one(BEFORE), one(after), indexes=("orders_customer_id_idx",))

    assert [each.cause for each in found] == ["estimate changed"]
    assert found[0].told == (
        "The planner expects 30,000 rows of orders, and expected 300 before: statistics or values "
        "are others."
    )


def test_tells_settings_that_changed() -> None:
    after = AFTER.replace("Execution", "Settings: random_page_cost = '40'\nExecution")

    found = regressions(one(BEFORE), one(after), indexes=("orders_customer_id_idx",))

    assert [each.told for each in found] == [
        "The planner was set otherwise: random_page_cost is 40 and was as usual."
    ]


def test_tells_a_cold_cache_before_all_else() -> None:
    after = AFTER.replace("shared hit=1500", "shared hit=20 read=1480")

    found = regressions(one(BEFORE), one(after))

    assert [each.cause for each in found] == ["cold cache", "index gone"]
    assert found[0].told.startswith("1,480 blocks were read that the first execution mostly found")


@pytest.mark.parametrize(("waited", "is_told"), [("45.000", True), ("44.000", False)])
def test_reads_that_were_timed_have_to_explain_half_of_it(waited: str, is_told: bool) -> None:  # noqa: FBT001
    after = AFTER.replace(
        "shared hit=1500", f"shared hit=20 read=1480\n  I/O Timings: shared read={waited}"
    )

    assert ("cold cache" in causes(BEFORE, after)) is is_told


def test_estimates_of_inner_sides_and_of_workers_are_none_of_the_whole() -> None:
    join = """\
Nested Loop  (cost=0..9 rows=300 width=8) (actual time=0.000..10.000 rows=300 loops=1)
  ->  Seq Scan on a  (cost=0..9 rows=300 width=8) (actual time=0.000..1.000 rows=300 loops=1)
  ->  Index Scan using b_pkey on b  (cost=0..9 rows=1 width=8) \
(actual time=0.010..0.010 rows=1 loops=300)
Execution Time: 10.000 ms
"""
    hashed = """\
Gather  (cost=0..9 rows=300 width=8) (actual time=0.000..100.000 rows=300 loops=1)
  Workers Planned: 1
  Workers Launched: 1
  ->  Hash Join  (cost=0..9 rows=150 width=8) (actual time=0.000..90.000 rows=150 loops=2)
        ->  Parallel Seq Scan on b  (cost=0..9 rows=50000 width=8) \
(actual time=0.000..50.000 rows=50000 loops=2)
        ->  Hash  (cost=0..9 rows=300 width=8) (actual time=1.000..1.000 rows=300 loops=2)
              ->  Seq Scan on a  (cost=0..9 rows=300 width=8) \
(actual time=0.000..1.000 rows=300 loops=2)
Execution Time: 101.000 ms
"""

    assert causes(join, hashed, ("b_pkey",)) == ["unknown"]


WARM = AFTER.replace("0.000..100.000", "0.000..20.000").replace("Time: 100.5", "Time: 20.5")


def test_the_same_plan_with_a_colder_cache() -> None:
    [found] = regressions(one(WARM), one(AFTER.replace("hit=1500", "hit=100 read=1400")))

    assert found.cause is RegressionCause.SAME_PLAN_COLDER
    assert found.told == (
        "The plan is the same; 1,400 of 1,500 blocks were not found in shared buffers, and before "
        "0 of 1,500: run it again."
    )
    assert (found.lost_ms, found.nodes) == (80.0, ())


@pytest.mark.parametrize(
    ("waited", "told"), [("40.000", ["same plan, colder cache"]), ("39.9", [])]
)
def test_reads_of_the_same_plan_have_to_explain_half_of_what_is_lost(
    waited: str, told: list[str]
) -> None:
    timed = f"hit=1400 read=100\n  I/O Timings: shared read={waited}"

    assert causes(WARM, AFTER.replace("hit=1500", timed)) == told


@pytest.mark.parametrize(("hit", "told"), [(750, ["same plan, colder cache"]), (751, [])])
def test_reads_without_times_have_to_be_half_of_all(hit: int, told: list[str]) -> None:
    after = AFTER.replace("hit=1500", f"hit={hit} read={1_500 - hit}")

    assert causes(WARM, after) == told


def test_the_same_plan_with_more_rows() -> None:
    before = WARM.replace("Filter: 59700", "Filter: 11700")

    [found] = regressions(one(before), one(AFTER))

    assert found.cause is RegressionCause.SAME_PLAN_MORE_ROWS
    assert found.told == (
        "The plan is the same, and had more to do: 60,000 rows of orders were read, and 12,000 "
        "before.  The table has grown, or the values are others."
    )
    assert found.nodes == (0,)


@pytest.mark.parametrize(("removed", "told"), [(39_699, ["same plan, more rows"]), (39_700, [])])
def test_rows_have_to_be_half_as_many_again(removed: int, told: list[str]) -> None:
    assert causes(WARM.replace("Filter: 59700", f"Filter: {removed}"), AFTER) == told


def test_the_same_plan_with_other_settings() -> None:
    after = AFTER.replace("Execution", "Settings: work_mem = '64kB'\nExecution")

    assert causes(WARM, after) == ["settings changed"]


SAME_PLAN = BEFORE.replace("..10.000", "..100.000").replace("Time: 10.5", "Time: 100.5")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(BEFORE, SAME_PLAN, id="the same plan"),
        pytest.param(AFTER, BEFORE, id="faster"),
        pytest.param(
            BEFORE,
            AFTER.replace("select * from orders where", "select 1 from x where"),
            id="another",
        ),
        pytest.param(BEFORE, AFTER.replace("rows=300 loops", "rows=900 loops"), id="more rows"),
        pytest.param(
            BEFORE,
            AFTER.replace("100.000", "59.000").replace("Time: 100.5", "Time: 60.4"),
            id="little is lost",
        ),
        pytest.param(BEFORE, AFTER.replace("Seq Scan on orders", "Seq Scan on x"), id="of another"),
        pytest.param(BEFORE, AFTER.replace("time=0.000..100.000 ", ""), id="no times"),
    ],
)
def test_leaves_alone(before: str, after: str) -> None:
    assert regressions(one(before), one(after)) == ()


def test_a_table_that_grew_is_no_regression() -> None:
    before = (
        AFTER.replace("Removed by Filter: 59700", "Removed by Filter: 5700")
        .replace("100.000", "10.000")
        .replace("Time: 100.5", "Time: 10.5")
    )
    after = (
        AFTER.replace("Seq Scan on orders", "Sort", 1)
        .replace(
            "  Filter",
            "  ->  Seq Scan on orders  (cost=0..9 rows=300 width=8) "
            "(actual time=0.000..99.000 rows=300 loops=1)\n        Filter",
        )
        .replace("  Rows", "        Rows")
        .replace("  Buffers", "        Buffers")
    )

    assert regressions(one(before), one(after)) == ()


@pytest.mark.parametrize("name", RECORDED)
def test_a_plan_is_no_regression_of_itself(name: str) -> None:
    execution = one(RECORDED[name]["json"])

    assert regressions(execution, execution) == ()
