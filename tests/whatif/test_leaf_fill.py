"""Lists of many rows fill leaf pages as if they were put there one by one."""

from __future__ import annotations

import math
from itertools import cycle, islice

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pgadvisor.whatif.twin.sizes.leaf_fill import (
    ROOM_BYTES,
    PostingLists,
    filled_pages,
    kept_free_bytes,
    posting_lists,
)


def one_by_one(lists: PostingLists, rows: float, tuples: float, fill_ratio: float) -> float:
    """The loop of ``_bt_buildadd``, for the first thousand tuples."""
    number = math.ceil(min(tuples, 1_000))
    full, left = divmod(rows, lists.rows)
    sizes = [lists.full_bytes] * min(int(full), number)
    if left >= 1:
        sizes.append(lists.tuple_bytes(int(left)))
    kept = kept_free_bytes(fill_ratio)
    space, on_page, pages, posting, last = float(ROOM_BYTES), 0, 0, 0.0, 0.0
    for size in islice(cycle(sizes), number):
        if space < size + 4 or (space + posting < kept and on_page > 1):
            pages, on_page, space = pages + 1, 1, ROOM_BYTES - last
        space, on_page, last = space - size, on_page + 1, size
        posting = size - lists.entry_bytes - 4
    used = (ROOM_BYTES - space) / (ROOM_BYTES - kept)
    return (pages + min(used, 1.0)) * tuples / number


@given(
    rows=st.one_of(st.floats(60, 3_000), st.floats(60, 1e7)),
    keys=st.one_of(st.just(1.0), st.floats(0.1, 1e5)),
    entry_bytes=st.one_of(st.sampled_from([16.0, 24.0, 32.0, 43.5]), st.floats(16, 2_700)),
    fill_ratio=st.sampled_from([0.9, 0.1, 0.5, 1.0]),
)
@example(rows=132.0 * 4, keys=1.0, entry_bytes=16.0, fill_ratio=0.9)
@example(rows=132.0 * 4 + 60, keys=1e5, entry_bytes=16.0, fill_ratio=0.9)
def test_many_at_once_take_the_pages_that_they_take_one_by_one(
    rows: float, keys: float, entry_bytes: float, fill_ratio: float
) -> None:
    lists = posting_lists(entry_bytes, fill_ratio)
    tuples = keys * lists.of_key(rows)[0]

    pages = filled_pages(lists, rows, tuples)

    assert pages == pytest.approx(one_by_one(lists, rows, tuples, fill_ratio), rel=1e-9)


def test_nine_lists_of_full_length_go_on_a_page() -> None:
    lists = posting_lists(16.0, 0.9)

    assert (lists.rows, lists.full_bytes) == (132, 812.0)
    assert (lists.on_first, lists.on_next) == (10, 9)
