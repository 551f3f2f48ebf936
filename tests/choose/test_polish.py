"""Small changes of a set, where an index does not fit unless several go for it."""

from __future__ import annotations

import pytest

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.polish import polish
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection
from pgadvisor.model.budget import Budget
from tests.choose.stated import a_price, a_weighted

SMALL = frozenset({0, 1, 2})
LARGE = 3


def serves(candidate: int, saved: float) -> StatementKnowledge:
    """A statement that costs 100, and less with its own index."""
    one = StatementKnowledge(a_weighted(str(candidate)), (candidate,), 1.0, 100.0)
    one.learn(1, 100.0 - saved, 1)
    return one


def polished(
    *, small_saves: float, large_saves: float, allowed_bytes: int, large_bytes: int = 3
) -> frozenset[int]:
    pool = Pool([*(serves(one, small_saves) for one in SMALL), serves(LARGE, large_saves)])
    sizes_bytes = (1, 1, 1, large_bytes)
    prices = [
        a_price(number, size_bytes=size, table_oid=1 + number)
        for number, size in enumerate(sizes_bytes)
    ]
    bounds = Bounds(Budget(index_bytes=allowed_bytes), prices)
    return polish(SMALL, pool, Selection(pool, [0.0] * len(prices)), bounds)


def test_several_that_save_little_go_for_one_that_saves_more_than_all_of_them() -> None:
    assert polished(small_saves=2.0, large_saves=7.0, allowed_bytes=3) == {LARGE}


def test_no_more_of_them_go_than_take_its_place() -> None:
    assert polished(small_saves=2.0, large_saves=5.0, allowed_bytes=4) == {2, LARGE}


@pytest.mark.parametrize("large_saves", [5.0, 6.0])
def test_they_stay_where_it_saves_no_more_than_all_of_them(large_saves: float) -> None:
    assert polished(small_saves=2.0, large_saves=large_saves, allowed_bytes=3) == SMALL


def test_one_goes_for_one_of_another_table_that_saves_more_in_its_place() -> None:
    chosen = polished(small_saves=2.0, large_saves=3.0, allowed_bytes=3, large_bytes=1)

    assert chosen == {1, 2, LARGE}


@pytest.mark.parametrize(("large_saves", "large_bytes"), [(2.0, 1), (3.0, 2)])
def test_it_stays_where_the_other_saves_no_more_or_does_not_fit(
    large_saves: float, large_bytes: int
) -> None:
    chosen = polished(
        small_saves=2.0, large_saves=large_saves, allowed_bytes=3, large_bytes=large_bytes
    )

    assert chosen == SMALL
