"""The choice among six indexes, beside what planning all sets of them on PostgreSQL tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pgadvisor.choose.selection import CLOSE_ENOUGH_RATIO
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.units import MiB
from pgadvisor.whatif.twin import Twin
from tests.choose.six_indexes import (
    BUDGETS,
    CANDIDATES,
    CATALOG,
    FREE,
    STATEMENTS,
    Truth,
    chooser,
    names,
)

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("choice_on_a_twin")]


@pytest.mark.parametrize("budget", BUDGETS, ids=range(len(BUDGETS)))
def test_chooses_a_set_that_none_is_better_than(
    budget: Budget, chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    choice = chosen[budget]

    definitions = frozenset(index.candidate.definition for index in choice.chosen)
    assert choice.optimality is not None
    assert choice.optimality.saved_per_day == pytest.approx(truth.saved[definitions])
    assert choice.optimality.saved_per_day == pytest.approx(truth.best(budget))


@pytest.mark.parametrize("budget", BUDGETS, ids=range(len(BUDGETS)))
def test_proves_that_none_is_better(
    budget: Budget, chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    proven = chosen[budget].optimality

    assert proven is not None
    near = CLOSE_ENOUGH_RATIO * proven.total_per_day
    rounding = 1e-6 * proven.total_per_day
    assert proven.bound_per_day >= truth.best(budget) - rounding
    assert 0.0 <= proven.bound_per_day - proven.saved_per_day + rounding <= near + 2 * rounding
    assert not proven.is_cut_short


def test_needs_few_plans_for_all_budgets_together(truth: Truth) -> None:
    with Twin(CATALOG.snapshot) as fresh:
        one = chooser(fresh)
        for budget in BUDGETS:
            one.choose(budget)

        assert truth.plan_count == 320
        assert fresh.call_count <= 25


@pytest.mark.parametrize("workers", [1, 2])
def test_chooses_the_same_again_with_any_number_of_workers(
    workers: int, chosen: Mapping[Budget, Choice]
) -> None:
    with Twin(CATALOG.snapshot, workers=workers) as fresh:
        one = chooser(fresh)

        again = {budget: one.choose(budget) for budget in BUDGETS}

    assert {budget: replace(choice, what_if_calls=0) for budget, choice in again.items()} == {
        budget: replace(choice, what_if_calls=0) for budget, choice in chosen.items()
    }


@pytest.mark.parametrize("shift", range(1, len(STATEMENTS)))
def test_chooses_the_same_set_in_any_order_of_statements(
    shift: int, twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    one = chooser(twin, (*STATEMENTS[shift:], *STATEMENTS[:shift]))

    assert [names(one.choose(budget)) for budget in BUDGETS] == [
        names(chosen[budget]) for budget in BUDGETS
    ]


def test_chooses_the_same_set_in_any_order_of_candidates_and_of_budgets(
    twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    one = chooser(twin, candidates=CANDIDATES[::-1])

    assert {budget: names(one.choose(budget)) for budget in BUDGETS[::-1]} == {
        budget: names(choice) for budget, choice in chosen.items()
    }


def test_accounts_for_the_whole_set(chosen: Mapping[Budget, Choice]) -> None:
    choice = chosen[FREE]

    assert choice.optimality is not None
    paid = sum(index.write_ms_per_day or 0.0 for index in choice.chosen)
    gained = sum(effect.saved_ms_per_day or 0.0 for effect in choice.effects)
    shares = sum(index.saved_ms_per_day or 0.0 for index in choice.chosen)
    assert choice.optimality.saved_per_day == pytest.approx(gained - paid)
    assert shares == pytest.approx(gained)
    assert all(index.marginal_per_day > 0 for index in choice.chosen)
    assert choice.costed_statements == choice.total_statements == 5


def test_an_index_is_worth_what_the_set_without_it_saves_less(
    chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    choice = chosen[FREE]

    whole = frozenset(index.candidate.definition for index in choice.chosen)
    for index in choice.chosen:
        rest = whole - {index.candidate.definition}
        assert index.marginal_per_day == pytest.approx(truth.saved[whole] - truth.saved[rest])


def test_the_frontier_saves_more_the_more_storage_there_is(twin: Twin, truth: Truth) -> None:
    choice = chooser(twin).choose(replace(FREE, index_bytes=40 * MiB), with_frontier=True)

    points = choice.frontier
    assert len(points) >= 4
    assert [point.saved_per_day for point in points] == sorted(p.saved_per_day for p in points)
    assert [point.index_bytes for point in points if point.is_chosen] == [
        sum(index.candidate.size_bytes for index in choice.chosen)
    ]
    for point in points:
        best = truth.best(replace(FREE, index_bytes=point.budget_bytes))
        assert point.saved_per_day == pytest.approx(best)
        assert point.index_bytes <= point.budget_bytes
