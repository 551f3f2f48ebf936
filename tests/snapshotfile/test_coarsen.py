"""Numbers and moments lose what points at one row, and keep their order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import (
    Grid,
    NumberError,
    coarse_moments,
    coarse_numbers,
    read_number,
    significant_digits,
    write_number,
)
from pgadvisor.snapshotfile.moments import DAY, HOUR, MomentError

NUMBERS = st.decimals(-(10**12), 10**12, allow_nan=False, places=3)
ROWS = st.floats(0, 10**7)
MICROSECONDS = st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1)).map(  # noqa: DTZ001  (Hypothesis wants naive bounds)
    lambda moment: (
        (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    )
)


@given(bounds=st.lists(NUMBERS, min_size=1, max_size=30).map(sorted), rows=ROWS)
def test_bounds_of_numbers_stay_in_order_and_within_their_type(
    bounds: list[Decimal], rows: float
) -> None:
    coarse = coarse_numbers(bounds, rows, is_integer=False)

    assert coarse == sorted(coarse)
    assert len(coarse) == len(bounds)
    assert max(map(abs, coarse)) <= max(map(abs, bounds))


@given(
    bounds=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=30).map(sorted),
    rows=ROWS,
)
def test_whole_numbers_stay_whole(bounds: list[int], rows: float) -> None:
    coarse = coarse_numbers([Decimal(bound) for bound in bounds], rows, is_integer=True)

    assert coarse == sorted(coarse)
    assert [write_number(number) for number in coarse] == [str(int(number)) for number in coarse]


def test_a_large_table_keeps_the_form_of_its_histogram() -> None:
    bounds = [Decimal(1_000_003 + 9_973 * place) for place in range(101)]

    coarse = coarse_numbers(bounds, 10_000.0, is_integer=True)

    assert coarse[:3] == [1_000_000, 1_008_000, 1_018_000]
    assert coarse[-1] == 1_996_000
    assert len(set(coarse)) == 101
    assert not set(coarse) & set(bounds)


def test_a_small_table_keeps_a_few_round_values() -> None:
    bounds = [Decimal(50_003 + 317 * place) for place in range(31)]

    coarse = coarse_numbers(bounds, 1.0, is_integer=True)

    assert sorted(set(coarse)) == [50_000, 55_000]


def test_whole_numbers_so_dense_that_rows_share_them_stay() -> None:
    bounds = [Decimal(number) for number in range(101)]

    assert coarse_numbers(bounds, 1_000.0, is_integer=True) == bounds


def test_a_value_that_fills_bins_stays_where_enough_rows_share_it() -> None:
    bounds = [Decimal(123_456)] * 3

    assert coarse_numbers(bounds, 50.0, is_integer=True) == bounds
    assert coarse_numbers(bounds, 49.0, is_integer=True) == [120_000] * 3
    assert coarse_numbers(bounds[:1], 50.0, is_integer=True) == [120_000]


@given(
    bounds=st.lists(MICROSECONDS, min_size=1, max_size=30).map(sorted),
    rows=ROWS,
    kind=st.sampled_from(["timestamp", "timestamptz"]),
)
def test_bounds_of_moments_stay_in_order(bounds: list[int], rows: float, kind: str) -> None:
    coarse = coarse_moments(bounds, rows, kind)

    assert coarse == sorted(coarse)
    assert all(after <= before for before, after in zip(bounds, coarse, strict=True))


def test_timestamps_of_a_year_are_shown_to_the_day() -> None:
    first = moments.read("timestamptz", "2025-01-01 07:11:13.5+00")
    bounds = [first + place * 3_653 * 86_400_000 for place in range(101)]

    coarse = coarse_moments(bounds, 10_000.0, "timestamptz")

    assert [moments.write("timestamptz", bound) for bound in coarse[:3]] == [
        "2025-01-01 00:00:00+00",
        "2025-01-04 00:00:00+00",
        "2025-01-08 00:00:00+00",
    ]


def test_dates_stay_dates() -> None:
    days = [moments.read("date", f"1985-07-{day:02}") for day in range(1, 29)]

    coarse = coarse_moments(days, 1.0, "date")

    assert all(moment % DAY == 0 for moment in coarse)
    assert len(set(coarse)) <= 6


@given(
    numbers=st.lists(NUMBERS, max_size=10),
    pair=st.tuples(NUMBERS, NUMBERS),
    is_integer=st.booleans(),
)
def test_snapping_numbers_keeps_their_order(
    numbers: list[Decimal], pair: tuple[Decimal, Decimal], *, is_integer: bool
) -> None:
    grid = Grid(numbers)
    low, high = sorted(pair)

    coarse = [grid.number(number, is_integer=is_integer) for number in (low, high)]

    assert coarse == sorted(coarse)
    assert abs(coarse[0]) <= abs(low)


@pytest.mark.parametrize(
    ("number", "coarse"),
    [("37", "37"), ("137", "130"), ("98765.43", "98000"), ("-137", "-130"), ("0.12345", "0.12")],
)
def test_a_number_keeps_two_digits(number: str, coarse: str) -> None:
    assert write_number(Grid().number(read_number(number), is_integer=False)) == coarse


def test_a_number_snaps_to_what_a_histogram_shows() -> None:
    grid = Grid([Decimal(98_500), Decimal("98_499.5")])

    assert grid.number(Decimal(98_765), is_integer=True) == 98_500
    assert grid.number(Decimal("98499.7"), is_integer=True) == 98_499
    assert grid.number(Decimal(98_400), is_integer=True) == 98_000


@given(times=st.lists(MICROSECONDS, max_size=10), pair=st.tuples(MICROSECONDS, MICROSECONDS))
def test_snapping_moments_keeps_their_order(times: list[int], pair: tuple[int, int]) -> None:
    grid = Grid(times=times)
    low, high = sorted(pair)

    coarse = [grid.moment("timestamptz", moment) for moment in (low, high)]

    assert coarse == sorted(coarse)
    assert coarse[0] <= low


@pytest.mark.parametrize(
    ("kind", "moment", "coarse"),
    [
        ("date", "1985-07-23", "1985-07-01"),
        ("timestamp", "1985-07-23 11:12:13.5", "1985-07-01 00:00:00"),
        ("timestamptz", "1985-07-01 00:30:00+02", "1985-06-01 00:00:00+00"),
        ("time", "11:12:13", "11:00:00"),
        ("interval", "3 days 11:12:13", "290000 seconds"),
    ],
)
def test_a_moment_becomes_the_start_of_its_month(kind: str, moment: str, coarse: str) -> None:
    assert moments.write(kind, Grid().moment(kind, moments.read(kind, moment))) == coarse


@given(
    kind=st.sampled_from(["timestamp", "timestamptz", "interval"]),
    microseconds=MICROSECONDS,
)
def test_moments_are_read_as_they_are_written(kind: str, microseconds: int) -> None:
    assert moments.read(kind, moments.write(kind, microseconds)) == microseconds


@given(day=st.dates())
def test_dates_are_read_as_they_are_written(day: date) -> None:
    assert moments.write("date", moments.read("date", day.isoformat())) == day.isoformat()


@pytest.mark.parametrize(
    ("interval", "microseconds"),
    [
        ("1 mon 2 days", 32 * DAY),
        ("-00:30:00", -HOUR // 2),
        ("1 year 00:00:00.5", 360 * DAY + 500_000),
        ("1 day -01:00:00", 23 * HOUR),
        ("90 minutes", 90 * 60_000_000),
    ],
)
def test_reads_intervals_as_postgresql_compares_them(interval: str, microseconds: int) -> None:
    assert moments.read("interval", interval) == microseconds


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "0044-03-15 BC"),
        ("date", "23/07/1985"),
        ("date", "2025-02-30"),
        ("timestamp", "12025-01-01 00:00:00"),
        ("time", "noon"),
        ("interval", "a fortnight"),
        ("interval", ""),
    ],
)
def test_refuses_moments_in_other_forms(kind: str, text: str) -> None:
    with pytest.raises(MomentError):
        moments.read(kind, text)


@pytest.mark.parametrize("text", ["", "ten", "NaN", "Infinity", "1e999", "9" * 3_000, "1_0x"])
def test_refuses_what_is_no_number_or_an_absurd_one(text: str) -> None:
    with pytest.raises(NumberError):
        read_number(text)


@pytest.mark.parametrize(("number", "digits"), [("1000", 1), ("0.00120", 2), ("0", 0), ("-45", 2)])
def test_counts_significant_digits(number: str, digits: int) -> None:
    assert significant_digits(Decimal(number)) == digits
