"""What a budget allows."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.choose.bounds import Bounds, Burden
from pgadvisor.choose.program import Program
from pgadvisor.model.budget import Budget
from pgadvisor.units import MiB
from tests.choose.stated import a_price

PRICES = (
    a_price(0, size_bytes=MiB, table_oid=1, build_ms=10.0),
    a_price(1, size_bytes=2 * MiB, table_oid=1, build_ms=20.0),
    a_price(2, size_bytes=4 * MiB, table_oid=1, build_ms=40.0),
    a_price(3, size_bytes=8 * MiB, table_oid=2, build_ms=80.0),
)
INSERT = Burden(statement_id="insert", limit_ms=0.5, added_ms={0: 0.2, 1: 0.3, 2: 0.4, 3: 0.6})


def bounds(
    *,
    forbidden: tuple[int, ...] = (),
    burdens: tuple[Burden, ...] = (),
    **budget: Any,  # noqa: ANN401  (fields of Budget)
) -> Bounds:
    return Bounds(Budget(**budget), PRICES, forbidden, burdens)


def excess(these: Bounds, *chosen: int) -> tuple[str, str] | None:
    found = these.excess(frozenset(chosen))
    return None if found is None else (found.code, found.reason)


def test_without_bounds_everything_is_allowed() -> None:
    assert excess(bounds(), 0, 1, 2, 3) is None


def test_what_is_forbidden_later_may_be_chosen_no_more_and_the_rest_as_before() -> None:
    before = bounds(index_bytes=4 * MiB, forbidden=(0,))

    after = before.without({1})

    assert [before.allows(one) for one in range(4)] == [False, True, True, False]
    assert [after.allows(one) for one in range(4)] == [False, False, True, False]
    assert not after.holds({1})


def test_storage_up_to_the_last_byte() -> None:
    these = bounds(index_bytes=3 * MiB)

    assert excess(these, 0, 1) is None
    assert excess(these, 2) == ("over-budget", "4 MB where 3 MB are allowed")
    assert excess(bounds(index_bytes=3 * MiB - 1), 0, 1) is not None


def test_the_number_of_indexes() -> None:
    these = bounds(max_indexes=2)

    assert excess(these, 0, 3) is None
    assert excess(these, 0, 1, 3) == ("too-many", "2 new indexes are allowed")


def test_the_number_of_indexes_on_one_table() -> None:
    these = bounds(max_indexes_per_table=2)

    assert excess(these, 0, 1, 3) is None
    assert excess(these, 0, 1, 2) == ("too-many", "a table gets 2 new indexes at most")


def test_the_time_to_build_them() -> None:
    these = bounds(build_ms=50.0)

    assert excess(these, 0, 2) is None
    assert excess(these, 1, 2) == ("build-time", "building takes longer than is allowed")


def test_what_a_statement_that_writes_may_bear() -> None:
    these = bounds(burdens=(INSERT,))

    assert excess(these, 0, 1) is None
    assert excess(these, 1, 2) == (
        "regression",
        "writes of statement insert would get too dear",
    )


def test_a_forbidden_candidate_is_not_allowed() -> None:
    these = bounds(forbidden=(1,))

    assert [these.allows(number) for number in range(4)] == [True, False, True, True]
    assert these.holds({0, 2})
    assert not these.holds({0, 1})


def test_a_candidate_that_exceeds_a_bound_by_itself_is_not_allowed() -> None:
    these = bounds(index_bytes=4 * MiB, burdens=(INSERT,))

    assert [these.allows(number) for number in range(4)] == [True, True, True, False]


def test_a_candidate_that_was_taken_out_is_not_allowed_and_the_rest_stays_as_it_was() -> None:
    these = bounds(index_bytes=4 * MiB, forbidden=(0,)).without({1})

    assert [these.allows(number) for number in range(4)] == [False, False, True, False]
    assert not these.without({2}).holds({2})


def test_a_budget_of_nothing_allows_nothing() -> None:
    assert not any(bounds(index_bytes=0).allows(number) for number in range(4))
    assert not any(bounds(max_indexes=0).allows(number) for number in range(4))
    assert not any(bounds(build_ms=0.0).allows(number) for number in range(4))


@pytest.mark.parametrize(
    ("these", "taken"),
    [
        pytest.param(bounds(), {0, 1, 2, 3}, id="nothing"),
        pytest.param(bounds(index_bytes=11 * MiB), {0, 1, 3}, id="storage"),
        pytest.param(bounds(max_indexes=2), {2, 3}, id="number"),
        pytest.param(bounds(max_indexes_per_table=1), {2, 3}, id="number-on-a-table"),
        pytest.param(bounds(build_ms=70.0), {0, 1, 2}, id="time-to-build"),
        pytest.param(bounds(burdens=(INSERT,)), {2}, id="writes"),
    ],
)
def test_a_program_keeps_to_the_same_bounds(these: Bounds, taken: set[int]) -> None:
    program = Program()
    variables = {number: program.add_binary(-(2.0**number)) for number in range(4)}
    if these.excess({3}) is not None:
        variables.pop(3)
        program.add_row({3: 1.0}, upper=0.0)
    these.add_rows(program, variables)

    optimum = program.minimise(time_limit_ms=10_000)

    assert optimum is not None
    assert {number for number, value in enumerate(optimum.values) if value > 0.5} == taken
    assert these.excess(taken) is None
