"""Lists of values, with and without a common one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.sensitivity import AskedColumns
from pgadvisor.testing import a_table, column_statistics
from pgadvisor.whatif.parameters.common import Pick, common_picks
from pgadvisor.whatif.parameters.lists import ListPick, list_picks

TABLE = a_table("orders", "tenant_id integer")
ASKED = AskedColumns(table="public.orders", columns=("tenant_id",))


def column(common: list[tuple[str, float]], bounds: int = 0) -> tuple[Pick, ...]:
    row = column_statistics(
        TABLE,
        "tenant_id",
        most_common=common,
        histogram_bounds=tuple(f"h{place}" for place in range(bounds)) or None,
        n_distinct=-0.5,
    )
    return common_picks(row, ASKED, 1_000_000.0, str)


def described(picks: tuple[ListPick, ...]) -> list[tuple[str, tuple[str, ...], float]]:
    return [(pick.value_class.words, pick.values, round(pick.weight, 4)) for pick in picks]


def test_puts_a_heavy_value_into_one_of_two_lists() -> None:
    found = list_picks(column([("7", 0.1)], bounds=5), 3)

    assert described(found) == [
        ("3 values, the most common one held by 10 % of the rows", ("7", "h2", "h1"), 0.271),
        (
            "3 values, the most common one held by fewer than 0.01 % of the rows",
            ("h2", "h1", "h3"),
            0.729,
        ),
    ]


def test_has_one_list_where_all_values_are_alike() -> None:
    found = list_picks(column([], bounds=3), 2)

    assert [(pick.values, pick.weight) for pick in found] == [(("h1", "h0"), 1.0)]


def test_repeats_a_value_where_there_are_not_enough() -> None:
    [found] = list_picks(column([("t", 1.0)]), 3)

    assert found.values == ("t", "t", "t")


def test_knows_no_list_where_no_value_is_known() -> None:
    assert list_picks(column([]), 3) == ()


@given(st.integers(1, 40), st.integers(0, 30), st.integers(0, 30))
def test_lists_are_as_long_as_asked_for(length: int, common: int, bounds: int) -> None:
    shares = [(f"m{place}", 0.5 / 2**place) for place in range(common)]

    found = list_picks(column(shares, bounds), length)

    known = {f"m{place}" for place in range(common)} | {f"h{place}" for place in range(bounds)}
    assert all(len(pick.values) == length and set(pick.values) <= known for pick in found)
    assert sum(pick.weight for pick in found) == pytest.approx(1.0 if found else 0.0)
