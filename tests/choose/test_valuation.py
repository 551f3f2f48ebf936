"""What a unit of planner cost is worth."""

from __future__ import annotations

import pytest

from pgadvisor.choose.valuation import value_workload
from tests.choose.stated import a_weighted

FAST = a_weighted("fast", calls=100.0, mean_time_ms=2.0)
MIDDLE = a_weighted("middle", calls=20.0, mean_time_ms=30.0)
SLOW = a_weighted("slow", calls=10.0, mean_time_ms=50.0)
FILE = a_weighted("page.sql", calls=3.0)


def test_a_measured_statement_is_worth_its_time() -> None:
    valuation = value_workload((FAST,), ((FAST, 40.0),))

    assert valuation.is_measured
    assert valuation.value_per_cost(FAST, 40.0) * 40.0 == pytest.approx(100.0 * 2.0)
    assert valuation.total_per_day == 200.0


def test_a_statement_without_a_time_is_valued_at_the_median_of_the_others() -> None:
    costed = ((FAST, 10.0), (MIDDLE, 100.0), (SLOW, 100.0), (FILE, 7.0))

    valuation = value_workload((FAST, MIDDLE, SLOW, FILE), costed)

    assert valuation.ms_per_cost == 0.3
    assert valuation.value_per_cost(FILE, 7.0) == pytest.approx(3.0 * 0.3)
    assert valuation.total_per_day == pytest.approx(200.0 + 600.0 + 500.0 + 3.0 * 7.0 * 0.3)


def test_measured_statements_that_were_not_costed_count_too() -> None:
    valuation = value_workload((FAST, SLOW), ((FAST, 10.0),))

    assert valuation.total_per_day == 200.0 + 500.0


def test_a_statement_that_costs_nothing_tells_nothing_of_the_others() -> None:
    valuation = value_workload((FAST, SLOW), ((FAST, 0.0), (SLOW, 100.0)))

    assert valuation.ms_per_cost == 0.5
    assert valuation.value_per_cost(FAST, 0.0) == 100.0 * 0.5


def test_without_any_time_cost_stands_in_for_it() -> None:
    valuation = value_workload((FILE,), ((FILE, 70.0),))

    assert not valuation.is_measured
    assert valuation.value_per_cost(FILE, 70.0) == 3.0
    assert valuation.total_per_day == 210.0


def test_of_nothing_there_is_nothing() -> None:
    valuation = value_workload((), ())

    assert not valuation.is_measured
    assert valuation.total_per_day == 0.0
