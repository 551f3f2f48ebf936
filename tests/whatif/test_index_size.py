"""The size model gives what PostgreSQL builds; figures are those of TPC-H and pgbench, built."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics, entry_bytes
from pgadvisor.whatif.twin.sizes.index_size import IndexShape, btree_height, btree_size
from pgadvisor.whatif.twin.sizes.key_shares import Share, equal_shares
from pgadvisor.whatif.twin.sizes.sampling import Sample, spread_values
from pgadvisor.whatif.twin.sizes.value_widths import sampled_widths

LINES, ORDERS, PARTS = 6_001_215, 1_500_000, 800_000
MEGABYTE = 1_000_000


def spread(distinct: float, rows: float) -> tuple[Share, ...]:
    return spread_values(distinct, Sample(rows=rows, sampled=rows), (), 1.0, is_cut=False)


def integer(distinct: float, rows: float = LINES) -> KeyStatistics:
    return KeyStatistics(width_bytes=4, alignment_bytes=4, shares=spread(distinct, rows))


def bigint(distinct: float, rows: float = LINES) -> KeyStatistics:
    return KeyStatistics(width_bytes=8, alignment_bytes=8, shares=spread(distinct, rows))


def char(length: int, distinct: float) -> KeyStatistics:
    return KeyStatistics(
        width_bytes=length + 1,
        is_variable=True,
        shares=spread(distinct, LINES),
        widths=((length + 1, 1.0),),
    )


def btree(rows: float, *keys: KeyStatistics, **fields: object) -> IndexShape:
    shape = IndexShape(access_method="btree", rows=rows, keys=keys)
    return replace(shape, **fields)  # type: ignore[arg-type]  # fields by their names


@pytest.mark.parametrize(
    ("shape", "megabytes"),
    [
        pytest.param(btree(LINES, bigint(ORDERS)), 77.9, id="few rows a key"),
        pytest.param(btree(LINES, integer(200_000)), 45.1, id="thirty rows a key"),
        pytest.param(btree(LINES, integer(10_000)), 42.6, id="hundreds of rows a key"),
        pytest.param(btree(LINES, integer(2_526)), 42.7, id="thousands of rows a key"),
        pytest.param(btree(ORDERS, integer(2_406, ORDERS)), 10.9, id="dates"),
        pytest.param(btree(ORDERS, bigint(ORDERS, ORDERS)), 33.7, id="a key a row"),
        pytest.param(btree(ORDERS, integer(99_996, ORDERS)), 12.6, id="a foreign key"),
        pytest.param(btree(PARTS, integer(10_000, PARTS)), 5.5, id="a short table"),
        pytest.param(btree(LINES, char(10, 7), may_deduplicate=False), 189.6, id="not shared"),
        pytest.param(
            btree(LINES, integer(10_000), integer(200_000), shares=spread(PARTS, LINES)),
            60.9,
            id="two columns that depend on each other",
        ),
    ],
)
def test_predicts_a_btree_of_tpch(shape: IndexShape, megabytes: float) -> None:
    predicted = btree_size(shape).pages * 8192 / MEGABYTE

    assert predicted == pytest.approx(megabytes, rel=0.05)


def test_predicts_a_primary_key_to_the_page() -> None:
    size = btree_size(btree(10_000_000, integer(1e7, 1e7), may_deduplicate=False))

    assert size.pages == 27_422
    assert size.height == 2


@pytest.mark.parametrize(
    ("pages", "height"), [(1, 0), (2, 0), (4, 1), (276, 1), (2_745, 2), (27_422, 2), (274_192, 3)]
)
def test_tells_the_height_of_a_btree_by_its_pages(pages: int, height: int) -> None:
    rows = pages * 366.0
    shape = btree(rows, integer(rows, rows), may_deduplicate=False)

    assert btree_height(shape, pages) == height


def test_an_empty_btree_is_a_metapage() -> None:
    assert btree_size(btree(0, integer(1))).pages == 1


def test_a_btree_over_three_columns_of_an_emptied_table_has_a_height() -> None:
    emptied = btree(0, integer(1), integer(1), integer(1))

    assert btree_height(emptied, 2) == 0


def test_columns_that_are_included_are_stored_for_every_row() -> None:
    plain = btree_size(btree(ORDERS, integer(100)))
    wider = btree_size(btree(ORDERS, integer(100), include=(bigint(100),)))

    assert wider.pages > 3 * plain.pages


def test_a_null_takes_no_room_but_a_bitmap() -> None:
    nulls = replace(char(100, 1), null_ratio=1.0)

    assert entry_bytes((char(100, 1),)) == 112
    assert entry_bytes((nulls,)) == 16
    assert entry_bytes((integer(1), nulls)) == 24


def test_takes_the_widths_of_texts_from_the_values_that_statistics_hold() -> None:
    statistics = ColumnStatistics(
        relation_oid=1,
        column="a",
        average_width_bytes=5,
        most_common_values=("abc", "äöü"),
        most_common_ratios=(0.5, 0.25),
        histogram_bounds=("abcd", "abcde"),
    )

    assert sampled_widths(statistics, "text") == ((4, 0.5), (5, 0.125), (6, 0.125), (7, 0.25))


@pytest.mark.parametrize(
    ("value", "width"),
    [
        ("0", 3),
        ("1", 5),
        ("9999", 5),
        ("10000", 5),
        ("12345", 7),
        ("0.5", 5),
        ("-12.34", 7),
        ("0.00001", 5),
    ],
)
def test_knows_how_wide_a_number_is(value: str, width: int) -> None:
    statistics = ColumnStatistics(
        relation_oid=1, column="a", average_width_bytes=width, histogram_bounds=(value, value)
    )

    assert [measured for measured, _ in sampled_widths(statistics, "numeric(10,2)")] == [width]


def test_does_not_believe_values_that_contradict_the_average_width() -> None:
    statistics = ColumnStatistics(
        relation_oid=1, column="a", average_width_bytes=40, histogram_bounds=("a", "b")
    )

    assert sampled_widths(statistics, "text") == ()


@given(
    rows=st.floats(1, 1e10),
    distinct=st.floats(1, 1e10),
    null_ratio=st.floats(0, 1),
    common=st.lists(st.floats(0.0001, 0.1), max_size=9),
    width=st.integers(1, 400),
    shares=st.booleans(),
)
def test_no_btree_is_smaller_than_its_rows_or_larger_than_its_entries(
    *,
    rows: float,
    distinct: float,
    null_ratio: float,
    common: list[float],
    width: int,
    shares: bool,
) -> None:
    key = KeyStatistics(
        width_bytes=width,
        is_variable=True,
        null_ratio=null_ratio,
        shares=equal_shares(
            min(distinct, rows),
            null_ratio=null_ratio,
            common_ratios=[ratio * (1 - null_ratio) for ratio in common],
        ),
    )

    size = btree_size(btree(rows, key, may_deduplicate=shares))

    # Wide entries leave up to a third of a page unused, and inner pages come on top.
    entry = max(entry_bytes((key,)), entry_bytes((replace(key, null_ratio=0.0),)), 16) + 4
    assert size.pages >= rows * 6 / 8192
    assert size.pages <= 4 + 1.8 * rows * entry / 7333
    assert 0 <= size.height <= size.pages


@given(rows=st.integers(0, 10**10), distinct=st.integers(1, 10**10))
def test_more_rows_never_make_a_smaller_btree(rows: int, distinct: int) -> None:
    fewer = btree_size(
        btree(rows, integer(min(distinct, rows + 1), rows + 1), may_deduplicate=False)
    )
    more = btree_size(
        btree(rows * 2, integer(min(distinct, rows + 1), rows + 1), may_deduplicate=False)
    )

    assert more.pages >= fewer.pages
    assert more.height >= fewer.height
