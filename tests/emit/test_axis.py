"""Axes with round numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.emit.axis import Axis, count_axis, size_axis, time_axis
from pgadvisor.units import GiB, KiB, MiB, TiB


def labels(axis: Axis) -> list[str]:
    return [tick.label for tick in axis.ticks]


@pytest.mark.parametrize(
    ("greatest", "unit", "ticks"),
    [
        (900, "bytes", ["0", "200", "400", "600", "800", "1,000"]),
        (8 * KiB, "kB", ["0", "2", "4", "6", "8"]),
        (1.5 * MiB, "kB", ["0", "500", "1,000", "1,500", "2,000"]),
        (24 * MiB, "MB", ["0", "5", "10", "15", "20", "25"]),
        (3 * GiB, "GB", ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]),
        (5_000 * TiB, "TB", ["0", "1,000", "2,000", "3,000", "4,000", "5,000"]),
    ],
)
def test_divides_storage(greatest: float, unit: str, ticks: list[str]) -> None:
    axis = size_axis(greatest, 5)

    assert (axis.unit, labels(axis)) == (unit, ticks)


@pytest.mark.parametrize(
    ("greatest", "unit", "last"),
    [
        (0.004, "ms", "0.004"),
        (1_500, "ms", "1,500"),
        (90_000, "s", "100"),
        (4 * 60_000, "min", "4"),
        (5 * 3_600_000, "h", "5"),
        (40 * 86_400_000, "days", "40"),
    ],
)
def test_divides_time(greatest: float, unit: str, last: str) -> None:
    axis = time_axis(greatest, 5)

    assert (axis.unit, labels(axis)[-1]) == (unit, last)


def test_divides_numbers_of_any_size() -> None:
    assert (count_axis(50, 5).unit, labels(count_axis(50, 5))[-1]) == ("", "50")
    assert (count_axis(5.2e9, 5).unit, labels(count_axis(5.2e9, 5))[-1]) == ("billions", "6")


@given(st.floats(min_value=1e-9, max_value=1e18), st.integers(min_value=1, max_value=12))
def test_all_fits_with_round_ticks_that_are_not_too_many(greatest: float, count: int) -> None:
    axis = time_axis(greatest, count)

    assert axis.end >= greatest * (1 - 1e-6)
    assert 2 <= len(axis.ticks) <= count * 4 / 3 + 2
    assert axis.ticks[0].value == 0
    assert re.fullmatch(r"0*(1|2|5)0*", axis.ticks[1].label.replace(".", "").replace(",", ""))
    assert len(set(labels(axis))) == len(axis.ticks)
