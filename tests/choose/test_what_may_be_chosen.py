"""What bounds, strictness and doubts keep out of the choice among six indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.chooser import Strictness
from pgadvisor.choose.search import Found, Search
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.testing import (
    a_statement,
)
from pgadvisor.whatif.twin import Twin
from tests.choose.six_indexes import (
    FREE,
    LOG,
    ORDERS,
    STATEMENTS,
    Truth,
    candidate,
    chooser,
    cost,
    names,
    refused,
    tables,
    weighted,
)

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("choice_on_a_twin")]


def test_puts_no_index_where_it_makes_a_frequent_insert_too_dear(twin: Twin) -> None:
    one = chooser(twin, (*STATEMENTS, LOG))

    strict = one.choose(replace(FREE, max_regression_ratio=0.1))
    loose = one.choose(replace(FREE, max_regression_ratio=0.25))

    assert "events" not in tables(strict)
    assert refused(strict)["events(order_id)"] == "regression"
    assert refused(strict)["events(kind, at)"] == "regression"
    assert len([i for i in loose.chosen if i.candidate.definition.table == "events"]) == 2


@pytest.mark.parametrize("name", ["orders", "public.orders"])
def test_puts_no_index_on_a_forbidden_table(name: str, twin: Twin) -> None:
    choice = chooser(twin).choose(replace(FREE, forbidden=frozenset({name})))

    assert tables(choice) == {"events", "customers"}
    assert refused(choice) == {
        "orders(customer_id)": "forbidden",
        "orders(status)": "forbidden",
        "orders(status, created_at)": "forbidden",
    }


def test_an_index_has_to_save_its_share_of_the_time(twin: Twin, truth: Truth) -> None:
    choice = chooser(twin).choose(replace(FREE, min_saving_ratio=0.1))

    assert tables(choice) == {"orders", "events"}
    assert refused(choice)["customers(country)"] == "too-little"
    assert choice.optimality is not None
    assert choice.optimality.saved_per_day < truth.best(FREE)


def test_reports_a_statement_that_the_planner_refuses_and_goes_on_without_it(
    twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    wrong = a_statement("select missing from orders where customer_id = $1")

    choice = chooser(twin, (*STATEMENTS, wrong)).choose(FREE)

    [(statement_id, reason)] = choice.uncosted
    assert statement_id == wrong.id
    assert reason == 'column "missing" does not exist'
    assert names(choice) == names(chosen[FREE])
    assert (choice.costed_statements, choice.total_statements) == (5, 6)


def test_does_not_hope_for_an_early_end(twin: Twin) -> None:
    hoping = a_statement("select * from orders where status = $1 order by created_at limit 10")
    walked, found = candidate(ORDERS, "created_at"), candidate(ORDERS, "status", "created_at")

    alone = chooser(twin, (hoping,), (walked,)).choose(FREE)
    both = chooser(twin, (hoping,), (walked, found)).choose(FREE)

    [statement] = weighted(hoping)
    walking = cost(twin, statement, frozenset({walked.definition}))
    assert walking < 0.01 * cost(twin, statement)
    assert refused(alone) == refused(both) == {"orders(created_at)": "not-used"}
    assert [index.candidate.definition for index in both.chosen] == [found.definition]


def test_of_nothing_nothing_is_chosen(twin: Twin) -> None:
    choice = chooser(twin, candidates=()).choose(FREE, with_frontier=True)

    assert (choice.chosen, choice.rejected, choice.effects) == ((), (), ())
    assert choice.optimality is not None
    assert choice.optimality.gap_ratio == 0.0
    assert choice.geometric_mean_ratio is None


def test_makes_a_set_also_where_there_is_no_time_to_search(twin: Twin, truth: Truth) -> None:
    choice = chooser(twin).choose(replace(FREE, time_limit_ms=0.0))

    assert choice.optimality is not None
    assert choice.optimality.saved_per_day > 0.9 * truth.best(FREE)


@pytest.mark.parametrize(("is_cut_short", "searches"), [(True, 2), (False, 1)])
def test_a_search_that_was_cut_short_is_taken_up_again_with_the_time_that_is_left(
    *, is_cut_short: bool, searches: int, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits_ms: list[float] = []
    search_once = Search.best

    def best(self: Search, bounds: Bounds, time_limit_ms: float, **options: Any) -> Found:  # noqa: ANN401  (passed on)
        limits_ms.append(time_limit_ms)
        found = search_once(self, bounds, time_limit_ms, **options)
        return replace(found, is_cut_short=is_cut_short and len(limits_ms) == 1)

    monkeypatch.setattr(Search, "best", best)

    chooser(twin, strictness=Strictness()).choose(replace(FREE, time_limit_ms=60_000.0))

    assert len(limits_ms) == searches
    assert limits_ms[0] == pytest.approx(30_000.0, rel=0.01)
