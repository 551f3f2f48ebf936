"""What executed plans tell of the plans that other indexes would bring."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.choose.calibration import Calibration
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.parse.plans.read import read_plans

TODAY = """\
Sort  (cost=990.00..1000.00 rows=500 width=8) (actual time=95.000..100.000 rows=500 loops=1)
  Sort Key: placed_at
  ->  Seq Scan on orders  (cost=0..900 rows=500 width=8) (actual time=0..20.0 rows=500 loops=1)
        Filter: (note = 'x'::text)
Execution Time: 100.000 ms
"""
WITH_INDEX = """\
Sort  (cost=120.00..130.00 rows=500 width=8)
  Sort Key: placed_at
  ->  Index Scan using new_index on orders  (cost=0.00..30.00 rows=500 width=8)
        Index Cond: (note = 'x'::text)
"""
IN_ORDER = """\
Index Scan using new_index on orders  (cost=0.00..40.00 rows=500 width=8)
  Index Cond: (note = 'x'::text)
"""


def plan(text: str) -> ExecutedPlan:
    [found] = read_plans(text)
    return found


def calibrated_by(*texts: str, today: str = TODAY) -> Calibration:
    calibration = Calibration(
        Execution(plan=plan(text), source="a file", statement_id="1") for text in texts
    )
    calibration.begin("1", plan(today), 1000.0)
    return calibration


def test_what_stays_takes_as_long_as_it_did() -> None:
    calibration = calibrated_by(TODAY)

    assert calibration.cost("1", plan(WITH_INDEX), 130.0) == pytest.approx(800.0)
    assert calibration.cost("1", plan(IN_ORDER), 40.0) == 40.0


def test_a_plan_is_never_believed_to_cost_less_than_without_executions() -> None:
    assert calibrated_by(TODAY).cost("1", plan(WITH_INDEX), 950.0) == 950.0


def test_the_plan_of_today_costs_what_it_did() -> None:
    assert calibrated_by(TODAY).cost("1", plan(TODAY), 1000.0) == pytest.approx(1000.0)


def test_a_sort_of_other_rows_is_another_one() -> None:
    fewer = WITH_INDEX.replace("rows=500", "rows=100")

    assert calibrated_by(TODAY).cost("1", plan(fewer), 130.0) == 130.0


def test_a_scan_that_met_more_rows_than_expected_makes_its_successor_dearer() -> None:
    surprised = TODAY.replace("0..20.0 rows=500", "0..20.0 rows=5000")
    calibration = calibrated_by(surprised)

    assert calibration.cost("1", plan(IN_ORDER), 40.0) == pytest.approx(40.0 * 10)
    costly = IN_ORDER.replace("0.00..40.00", "0.00..400.00")
    assert calibration.cost("1", plan(costly), 400.0) == pytest.approx(900.0)


def test_fewer_rows_than_expected_make_nothing_cheaper() -> None:
    surprised = TODAY.replace("0..20.0 rows=500", "0..20.0 rows=5")

    assert calibrated_by(surprised).cost("1", plan(IN_ORDER), 40.0) == 40.0


def test_of_several_executions_the_one_in_the_middle_counts() -> None:
    slow_scan = TODAY.replace("0..20.0", "0..90.0")
    slower = TODAY.replace("95.000..100.000", "900..1000.0").replace("0..20.0", "0..10.0")
    calibration = calibrated_by(slower, slow_scan, TODAY.replace("95.000..100.000", "40..50.0"))

    assert calibration.cost("1", plan(WITH_INDEX), 130.0) == pytest.approx(130.0)
    assert calibration.notes == (
        ("1", "the middle one of 3 executed plans, which the planner would make today as well"),
    )


def test_an_executed_plan_that_is_not_made_today_tells_nothing() -> None:
    calibration = calibrated_by(TODAY, today=IN_ORDER)

    assert calibration.cost("1", plan(WITH_INDEX), 130.0) == 130.0
    assert calibration.notes == (("1", "none: today the planner would make another plan"),)


def test_a_plan_without_times_tells_nothing() -> None:
    untimed = (
        "Sort  (cost=990.00..1000.00 rows=500 width=8) (actual rows=500 loops=1)\n"
        "  Sort Key: placed_at\n"
        "  ->  Seq Scan on orders  (cost=0..900 rows=500 width=8) (actual rows=500 loops=1)\n"
    )
    calibration = calibrated_by(untimed)

    assert calibration.cost("1", plan(WITH_INDEX), 130.0) == 130.0
    assert calibration.notes == (("1", "none: the executed plan has no times"),)


def test_a_plan_that_was_only_made_is_passed_over() -> None:
    assert calibrated_by(WITH_INDEX, today=WITH_INDEX).notes == ()


def test_other_statements_are_left_alone() -> None:
    execution = Execution(plan=plan(TODAY), source="a file", statement_id="2")
    calibration = Calibration([execution, replace(execution, statement_id=None)])
    calibration.begin("1", plan(TODAY), 1000.0)

    assert calibration.cost("1", plan(WITH_INDEX), 130.0) == 130.0
    assert calibration.notes == ()
