"""A relaxed program takes parts of candidates; of them a set is made that can be had."""

from __future__ import annotations

from pgadvisor.choose.bounds import Bounds
from pgadvisor.choose.selection import Selected
from pgadvisor.model.budget import Budget
from tests.choose.stated import a_price


def rounded(
    shares: dict[int, float], *, allowed_bytes: int | None = None, max_indexes: int | None = None
) -> frozenset[int]:
    prices = [a_price(number, size_bytes=1 + number, table_oid=1) for number in range(4)]
    believed = Selected(chosen=frozenset(), value=0.0, bound=0.0, is_best=True, shares=shares)
    return believed.rounded(
        Bounds(Budget(index_bytes=allowed_bytes, max_indexes=max_indexes), prices)
    )


def test_parts_become_whole() -> None:
    assert rounded({0: 0.2, 2: 0.5}) == {0, 2}


def test_next_to_nothing_is_rounding_of_the_solver() -> None:
    assert rounded({0: 1e-9, 2: 0.5, 3: 0.0}) == {2}


def test_those_come_first_of_which_it_has_most() -> None:
    assert rounded({1: 0.3, 3: 0.6}, allowed_bytes=4) == {3}


def test_what_does_not_fit_makes_room_for_what_comes_after_it() -> None:
    assert rounded({0: 0.1, 2: 0.9, 3: 0.5}, allowed_bytes=4) == {0, 2}


def test_of_equal_parts_the_first_candidate_comes_first() -> None:
    assert rounded({3: 0.5, 2: 0.5}, allowed_bytes=4) == {2}


def test_other_bounds_than_storage_are_kept_too() -> None:
    assert rounded({0: 0.1, 1: 0.9, 2: 0.5}, max_indexes=2) == {1, 2}
