"""Values of settings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.server import Setting
from pgadvisor.sqltext.setting_value import (
    base_value,
    canonical_value,
    readable_value,
    why_not_allowed,
)

WORK_MEM = Setting(
    name="work_mem", value="4096", unit="kB", value_type="integer", min_value="64", max_value="1024"
)
PAGE_COST = Setting(
    name="random_page_cost", value="4", value_type="real", min_value="0", max_value="1.79769e+308"
)
COMPRESSION = Setting(
    name="wal_compression", value="off", value_type="enum", enum_values=("pglz", "on", "off")
)


@pytest.mark.parametrize(
    ("value", "setting", "base"),
    [
        ("64MB", WORK_MEM, "65536"),
        (" 65536 ", WORK_MEM, "65536"),
        ("1.10", PAGE_COST, "1.1"),
        ("1min", Setting(name="t", value="0", unit="ms", value_type="integer"), "60000"),
        ("8GB", Setting(name="c", value="0", unit="8kB", value_type="integer"), "1048576"),
        ("TRUE", Setting(name="b", value="on", value_type="bool"), "on"),
        ("Pglz", COMPRESSION, "pglz"),
        ("A, b", Setting(name="s", value="", value_type="string"), "A, b"),
    ],
)
def test_counts_in_the_base_unit(value: str, setting: Setting, base: str) -> None:
    assert base_value(value, setting) == base


def test_equal_values_are_equal_in_whatever_unit() -> None:
    assert canonical_value("1GB", WORK_MEM) == canonical_value("1024MB", WORK_MEM) == Decimal(2**20)


@given(
    number=st.integers(1, 10**12),
    unit=st.sampled_from(["B", "kB", "8kB", "MB", "us", "ms", "s", "min"]),
)
def test_what_is_shown_is_what_is_set(number: int, unit: str) -> None:
    setting = Setting(name="x", value="0", unit=unit, value_type="integer")

    assert base_value(readable_value(str(number), unit), setting) == str(number)


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        (WORK_MEM, "64", ""),
        (WORK_MEM, "63", "work_mem = 63kB is out of the server's bounds, 64kB to 1MB"),
        (WORK_MEM, "1024", ""),
        (WORK_MEM, "1025", "work_mem = 1025kB is out of the server's bounds, 64kB to 1MB"),
        (WORK_MEM, "much", "work_mem takes a number, and not much"),
        (PAGE_COST, "1.1", ""),
        (COMPRESSION, "pglz", ""),
        (COMPRESSION, "lz4", "the server has no wal_compression = lz4, only pglz, on, off"),
        (
            Setting(name="jit", value="on", value_type="bool"),
            "1",
            "jit is on or off, and not 1",
        ),
        (Setting(name="search_path", value="", value_type="string"), "anything", ""),
    ],
)
def test_asks_the_server_what_it_takes(setting: Setting, value: str, reason: str) -> None:
    assert why_not_allowed(setting, value) == reason
