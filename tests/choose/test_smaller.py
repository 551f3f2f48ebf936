"""Smaller indexes than the planner takes, for a budget to choose from."""

from __future__ import annotations

import pytest

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.explore import explore
from pgadvisor.choose.inquiry import Inquirer
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.search import Search
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.smaller import WIDE, SmallerIndexes
from pgadvisor.model.budget import Budget
from tests.choose.stated import (
    StatedPlan,
    StatedPlanner,
    a_candidate,
    a_plan,
    a_pool,
    a_price,
    an_inquirer,
)

FULL, NARROW, OTHER = 0, 1, 2
SIZES_BYTES = {FULL: 100, NARROW: 70, OTHER: 30}
BUDGET = Budget(index_bytes=100)


class Page:
    """A statement that can use many indexes, and takes the largest for next to nothing."""

    def __init__(self, count: int = WIDE + 2, narrow_bytes: int = 70) -> None:
        names = [("a", "b"), ("a",), *((f"c{number}",) for number in range(2, count))]
        self.candidates = [a_candidate(number, *name) for number, name in enumerate(names)]
        page = [a_plan(1_000.0), a_plan(8.0, FULL), a_plan(8.01, NARROW)]
        page += [a_plan(990.0, number) for number in range(OTHER + 1, count)]
        self.plans: dict[str, list[StatedPlan]] = {
            "page": page,
            "other": [a_plan(1_000.0), a_plan(10.0, OTHER)],
        }
        sizes = SIZES_BYTES | {NARROW: narrow_bytes}
        self.sizes_bytes = [sizes.get(number, 40) for number in range(count)]
        self.pool: Pool = a_pool(self.plans)
        self.inquirer: Inquirer = an_inquirer(
            StatedPlanner(self.plans, self.candidates), self.candidates
        )
        explore(self.pool.knowledge, self.inquirer)

    def bounds(self, budget: Budget, *, forbidden: frozenset[int] = frozenset()) -> Bounds:
        """What may be chosen."""
        prices = [a_price(n, size_bytes=size) for n, size in enumerate(self.sizes_bytes)]
        return Bounds(budget, prices, forbidden)

    def beginnings(
        self,
        budget: Budget = BUDGET,
        *,
        forbidden: frozenset[int] = frozenset(),
    ) -> list[tuple[str, tuple[int, ...]]]:
        """What is asked of which statement."""
        bounds = self.bounds(budget, forbidden=forbidden)
        smaller = SmallerIndexes(self.pool, self.sizes_bytes, bounds, self.pool.base_value)
        asked = smaller.beginnings(self.inquirer)
        return [(one.statement.id, one.candidates(shown)) for one, shown in asked]


def test_a_large_index_leaves_its_place_to_what_it_begins_with() -> None:
    assert Page().beginnings() == [("page", (NARROW,))]


@pytest.mark.parametrize(("narrow_bytes", "is_asked"), [(95, True), (96, False)])
def test_an_index_is_large_that_takes_a_twentieth_of_the_budget_more(
    narrow_bytes: int, *, is_asked: bool
) -> None:
    assert bool(Page(narrow_bytes=narrow_bytes).beginnings()) is is_asked


def test_a_statement_with_few_candidates_is_not_asked() -> None:
    assert Page(count=WIDE).beginnings() == []


def test_nothing_is_asked_where_storage_is_no_matter() -> None:
    assert Page().beginnings(Budget()) == []


def test_what_may_not_be_chosen_is_not_asked_about() -> None:
    assert Page().beginnings(forbidden=frozenset({NARROW})) == []


def test_what_is_known_is_not_asked_again() -> None:
    page = Page()
    [one] = [one for one in page.pool.knowledge if one.statement.id == "page"]

    page.inquirer.ask([(one, one.bits((NARROW,)))])

    assert page.beginnings() == []


def test_the_search_makes_room_for_another_index_by_a_narrower_one() -> None:
    page = Page()
    selection = Selection(page.pool, [0.0] * len(page.candidates))
    search = Search(page.pool, page.inquirer, selection, page.sizes_bytes)

    found = search.best(page.bounds(BUDGET), 10_000)

    assert found.chosen == frozenset({NARROW, OTHER})
