"""Ranges that cover a little, some, or much of a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import AskedColumns
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import a_column, a_snapshot, a_table, column_statistics
from pgadvisor.whatif.parameters.order import sort_key
from pgadvisor.whatif.parameters.ranges import COVERED_RATIOS, RangePick, range_picks

ASKED = AskedColumns(table="public.orders", columns=("total",))
TABLE = a_table("orders", "total integer")
HUNDRED = tuple(str(bound) for bound in range(101))
KEY = sort_key(a_column("total integer"), Catalog(a_snapshot(TABLE)))


def ranges(
    operators: tuple[str | None, str | None], row: ColumnStatistics
) -> tuple[RangePick, ...]:
    return range_picks(row, ASKED, 1_000.0, KEY, operators)


def described(picks: tuple[RangePick, ...]) -> list[tuple[str | None, str | None, float]]:
    return [(p.lower, p.upper, round(p.value_class.high_ratio, 4)) for p in picks]


def test_takes_bounds_from_the_histogram() -> None:
    row = column_statistics(TABLE, "total", histogram_bounds=HUNDRED)

    assert described(ranges((">", None), row)) == [
        ("99", None, 0.01),
        ("90", None, 0.1),
        ("50", None, 0.5),
    ]
    assert described(ranges((None, "<="), row)) == [
        (None, "1", 0.01),
        (None, "10", 0.1),
        (None, "50", 0.5),
    ]


def test_takes_two_bounds_together() -> None:
    row = column_statistics(TABLE, "total", histogram_bounds=HUNDRED)

    assert described(ranges((">=", "<"), row)) == [
        ("94", "95", 0.01),
        ("85", "95", 0.1),
        ("45", "95", 0.5),
    ]


def test_counts_common_values_and_nulls() -> None:
    row = column_statistics(
        TABLE,
        "total",
        most_common=(("200", 0.4),),
        null_ratio=0.2,
        histogram_bounds=("0", "10", "20", "30", "40"),
    )

    assert described(ranges((">", None), row)) == [("30", None, 0.5)]
    assert described(ranges((None, "<"), row)) == [(None, "10", 0.1), (None, "30", 0.3)]


def test_tells_whether_the_bound_itself_is_in() -> None:
    row = column_statistics(
        TABLE, "total", most_common=(("3", 0.1), ("1", 0.5), ("2", 0.4)), n_distinct=3.0
    )

    assert described(ranges((">", None), row)) == [("2", None, 0.1), ("1", None, 0.5)]
    assert described(ranges((">=", None), row)) == [("3", None, 0.1), ("2", None, 0.5)]
    assert described(ranges((None, "<="), row)) == [(None, "1", 0.5)]


@pytest.mark.parametrize("operators", [(">", None), (None, "<"), (">", "<")])
def test_has_no_range_where_nothing_is_known(operators: tuple[str | None, str | None]) -> None:
    row = column_statistics(TABLE, "total")

    assert ranges(operators, row) == ()


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=2, max_size=120, unique=True),
    st.lists(st.integers(-(10**6), 10**6), max_size=10, unique=True),
    st.sampled_from([(">", None), (">=", None), (None, "<"), (None, "<="), (">=", "<")]),
    st.floats(0.0, 0.5),
)
def test_bounds_come_from_the_statistics_and_are_in_order(
    bounds: list[int],
    common: list[int],
    operators: tuple[str | None, str | None],
    null_ratio: float,
) -> None:
    row = column_statistics(
        TABLE,
        "total",
        most_common=[(str(value), 0.04) for value in common],
        histogram_bounds=tuple(map(str, sorted(bounds))),
        null_ratio=null_ratio,
    )

    found = ranges(operators, row)

    known = {None, *map(str, bounds), *map(str, common)}
    assert len(found) <= len(COVERED_RATIOS)
    assert len({(pick.lower, pick.upper) for pick in found}) == len(found)
    for pick in found:
        assert {pick.lower, pick.upper} <= known
        assert 0 < pick.value_class.high_ratio <= 1
        assert (pick.lower is None) is (operators[0] is None)
        assert (pick.upper is None) is (operators[1] is None)
        if pick.lower is not None and pick.upper is not None:
            assert int(pick.lower) < int(pick.upper)
