"""Units of size and time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.units import (
    GiB,
    KiB,
    MiB,
    TiB,
    format_count,
    format_limit,
    format_ms,
    format_ratio,
    format_size,
    parse_ratio,
    parse_size_bytes,
    parse_time_ms,
)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("17", 17),
        ("8kB", 8 * KiB),
        (" 1.5 MB ", 3 * MiB // 2),
        ("500mb", 500 * MiB),
        ("2 GiB", 2 * GiB),
        ("2g", 2 * GiB),
        ("1TB", TiB),
    ],
)
def test_reads_a_size(text: str, size_bytes: int) -> None:
    assert parse_size_bytes(text) == size_bytes


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "5XB", "5 M B", "1e3", "0x10", "1,000", "inf"])
def test_refuses_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size; write a number and a unit"):
        parse_size_bytes(text)


@pytest.mark.parametrize("text", ["9" * 400, "1" + "0" * 308 + "TB", "9000000000 GB"])
def test_refuses_a_size_that_nothing_has(text: str) -> None:
    with pytest.raises(ValueError, match="larger than any disk"):
        parse_size_bytes(text)


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("500ms", 500),
        ("90 s", 90_000),
        (" 30min ", 1_800_000),
        ("1.5H", 5_400_000),
        ("2d", 172_800_000),
    ],
)
def test_reads_a_duration(text: str, time_ms: float) -> None:
    assert parse_time_ms(text) == time_ms


@pytest.mark.parametrize("text", ["", "30", "min", "-5min", "5 hours", "1h 30min", "1e3s", "nan"])
def test_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; .* like 30min"):
        parse_time_ms(text)


def test_refuses_a_duration_without_end() -> None:
    with pytest.raises(ValueError, match="has no end"):
        parse_time_ms("9" * 400 + "s")


@pytest.mark.parametrize(
    ("text", "ratio"),
    [("0", 0), ("0.1", 0.1), (" 10% ", 0.1), ("10 %", 0.1), ("250%", 2.5), ("1", 1)],
)
def test_reads_a_ratio(text: str, ratio: float) -> None:
    assert parse_ratio(text) == pytest.approx(ratio)


@pytest.mark.parametrize("text", ["", "%", "-0.1", "1e-3", "a tenth", "0.1 of all", "nan"])
def test_refuses_what_is_no_ratio(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a ratio; .* like 10%"):
        parse_ratio(text)


def test_refuses_a_number_that_may_be_a_percentage() -> None:
    with pytest.raises(ValueError, match="'10' may mean a percentage or a factor; write 10%"):
        parse_ratio("10")


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (8 * KiB, "8 kB"),
        (3 * MiB // 2, "1.5 MB"),
        (480 * MiB, "480 MB"),
        (GiB, "1 GB"),
        (-2 * GiB, "-2 GB"),
        (12.34 * TiB, "12.3 TB"),
        (5_000 * TiB, "5,000 TB"),
    ],
)
def test_prints_a_size(size_bytes: float, text: str) -> None:
    assert format_size(size_bytes) == text


@given(st.integers(min_value=KiB, max_value=900 * TiB))
def test_a_printed_size_is_read_as_nearly_the_same(size_bytes: int) -> None:
    again = parse_size_bytes(format_size(size_bytes).replace(",", ""))

    assert math.isclose(again, size_bytes, rel_tol=0.5)
    assert size_bytes < MiB or math.isclose(again, size_bytes, rel_tol=0.01)


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "0 ms"),
        (0.0004, "0.0004 ms"),
        (0.35, "0.35 ms"),
        (12, "12 ms"),
        (999, "999 ms"),
        (4_200, "4.2 s"),
        (186_000, "3.1 min"),
        (8_640_000, "2.4 h"),
        (-8_640_000, "-2.4 h"),
        (86_400_000 * 3, "3 days"),
        (math.nan, "unknown"),
    ],
)
def test_prints_a_duration(time_ms: float, text: str) -> None:
    assert format_ms(time_ms) == text


def test_prints_counts_and_shares() -> None:
    assert format_count(1_234_567) == "1,234,567"
    assert format_ratio(0.25) == "25 %"
    assert format_ratio(0.0004) == "0.04 %"
    assert format_ratio(1) == "100 %"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("min_size_bytes", 8 * MiB, "8 MB"),
        ("max_dead_ratio", 0.2, "20 %"),
        ("min_time_ms", 1_500, "1.5 s"),
        ("drop_window_days", 35.0, "35 days"),
        ("drop_window_days", 20 / 86_400, "20 seconds"),
        ("min_table_rows", 1_000_000, "1,000,000"),
        ("factor", 0.5, "0.5"),
    ],
)
def test_prints_a_limit_by_its_unit(name: str, value: float, text: str) -> None:
    assert format_limit(name, value) == text
