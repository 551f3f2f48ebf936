"""How large an index will be when it is built, and how high, from statistics.

The btree model follows PostgreSQL's own build (``nbtsort.c``, ``nbtdedup.c``).  An entry is an
8-byte header with the key, aligned to 8, and a 4-byte line pointer; leaf pages are filled to
90 %, inner ones to 70 %.  Since version 13 equal keys share posting lists: one key and 6 bytes
a row, in tuples of at most 812 bytes.  Whether a type may share is in the catalog (an operator
class with support function 4); a unique index and one with INCLUDE never do.

How many rows share a key follows from how they are spread over the keys (``key_shares``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import cycle, islice

from pgadvisor.whatif.twin.sizes.entry_width import (
    LINE_POINTER_BYTES,
    ROW_POINTER_BYTES,
    KeyStatistics,
    aligned,
    entry_bytes,
    entry_bytes_with,
    is_uniform,
)
from pgadvisor.whatif.twin.sizes.key_shares import Share, joined, key_groups, placed, present_keys
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

FILL_RATIO = 0.9
"""Of a leaf that is being built, unless the index says otherwise."""
INNER_FILL_RATIO = 0.7
"""How full the inner pages of a btree are when it is built."""
_NEVER_USED_BYTES = 24 + 16 + 2 * LINE_POINTER_BYTES
"""Page header, btree's special space, the upper bound's line pointer and one to spare."""
_MAX_POSTING_BYTES = 812
_REGULAR_ROWS_PER_KEY = 60.0
"""From here on the rows of a key vary too little to matter."""
_FILLED_TUPLES = 1_000
"""So many are put on pages one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexShape:
    """What the size of an index depends on."""

    access_method: str
    rows: float
    """Rows that get an entry."""
    keys: tuple[KeyStatistics, ...]
    include: tuple[KeyStatistics, ...] = ()
    may_deduplicate: bool = True
    fill_ratio: float = FILL_RATIO
    table_pages: int = 0
    table_rows: float = 0.0
    """Of the table; fewer have an entry in a partial index."""
    major: int = 18
    """PostgreSQL's version, of which some builds depend."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Storage parameters."""
    build_memory_bytes: float = math.inf
    """Of a GIN index: what elements are collected in before they are inserted."""
    shares: tuple[Share, ...] = ()
    """How the rows are spread over the combinations of the keys; empty: over those of
    independent columns."""
    least_shares: tuple[Share, ...] | None = None
    """The same if keys of which nothing is known determined each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtreeSize:
    """The predicted size of a btree."""

    pages: int
    height: int
    """Levels above the leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaves:
    pages: int
    tuples: float


def btree_size(shape: IndexShape) -> BtreeSize:
    """Predict the size of a btree right after CREATE INDEX."""
    if shape.rows < 1:
        return BtreeSize(pages=1, height=0)
    leaves = _leaves(shape)
    pages, level, height = leaves.pages, leaves.pages, 0
    fanout = inner_fanout(shape, leaves.tuples)
    while level > 1:
        level = math.ceil(level / fanout)
        pages += level
        height += 1
    return BtreeSize(pages=pages + 1, height=height)  # and the metapage


def btree_height(shape: IndexShape, pages: int) -> int:
    """The height of a btree that has so many pages now."""
    fanout = inner_fanout(shape, _about_tuples(shape))
    level = max(math.ceil((pages - 1) * (1 - 1 / fanout)), 1)
    height = 0
    while level > 1:
        level = math.ceil(level / fanout)
        height += 1
    # Each level has a page at least, beside the metapage.
    return max(min(height, pages - 2), 0)


def _about_tuples(shape: IndexShape) -> float:
    """How many tuples the leaves have: one for each key, and for each list that is full."""
    if not shape.may_deduplicate or shape.include:
        return shape.rows
    keys = present_keys(shape.shares or independent(shape.keys), shape.rows)
    return min(keys + shape.rows / _rows_per_list(entry_bytes(shape.keys)), shape.rows)


def inner_fanout(shape: IndexShape, tuples: float) -> float:
    """Downlinks on an inner page; their keys are cut after what tells two leaves apart.

    Args:
        shape: The index.
        tuples: On its leaves.
    """
    room = BLOCK_BYTES - _NEVER_USED_BYTES - int((1 - INNER_FILL_RATIO) * BLOCK_BYTES)
    size, likelihood, distinct = 0.0, 0.0, 1.0
    for count, key in enumerate(shape.keys, start=1):
        prefix = shape.keys[:count]
        own = max(present_keys(key.shares, shape.rows), 1.0)
        # As many combinations as chance makes of independent columns.
        distinct = own if count == 1 else _drawn(distinct * own, shape.rows)
        differs = min(distinct / max(tuples, 1.0), 1.0)
        size += max(differs - likelihood, 0.0) * entry_bytes(prefix)
        likelihood = max(likelihood, differs)
    # Keys that are all equal are told apart by their row pointer.
    size += (1 - likelihood) * (entry_bytes(shape.keys) + 8)
    return max(room / (size + LINE_POINTER_BYTES), 2.0)


def _drawn(values: float, rows: float) -> float:
    """How many of so many values, all equally likely, turn up among so many rows."""
    return -values * math.expm1(-rows / values)


def _leaves(shape: IndexShape) -> _Leaves:
    room = BLOCK_BYTES - _NEVER_USED_BYTES - int((1 - shape.fill_ratio) * BLOCK_BYTES)
    if shape.may_deduplicate and not shape.include:
        return _shared_leaves(shape, room)
    entry = entry_bytes((*shape.keys, *shape.include))
    size = entry + LINE_POINTER_BYTES
    per_page = room / size - 0.5
    if is_uniform((*shape.keys, *shape.include)):
        hard_limit = (BLOCK_BYTES - _NEVER_USED_BYTES - 8 - entry) // size
        per_page = min(room // size, hard_limit)
    return _Leaves(pages=math.ceil(shape.rows / max(per_page, 1.0)), tuples=shape.rows)


def _shared_leaves(shape: IndexShape, room: int) -> _Leaves:
    """Leaf pages of keys with many rows, one by one, and of all keys with few rows."""
    pages = all_tuples = 0.0
    tuples = total = keys = 0.0
    shares = shape.shares or independent(shape.keys)
    sizes: dict[int, float] = {}
    for group in key_groups(shares, shape.rows):
        if group.nulls not in sizes:
            sizes[group.nulls] = entry_bytes_with(shape.keys, group.nulls)
        entry = sizes[group.nulls]
        count, size = _tuples(group.rows, entry)
        all_tuples += group.keys * count
        if group.rows >= _REGULAR_ROWS_PER_KEY:
            pages += _filled_pages(group.rows, entry, count * group.keys, shape.fill_ratio)
            continue
        tuples += group.keys * count
        total += group.keys * size
        keys += group.keys * count * (entry + LINE_POINTER_BYTES)
    if tuples:
        # The posting list of a page's last tuple goes when that becomes the page's upper bound.
        posting = max(total - keys, 0.0) / tuples
        pages += tuples / max((room + posting) / (total / tuples) - 0.5, 1.0)
    return _Leaves(pages=math.ceil(pages), tuples=all_tuples)


def _filled_pages(rows: float, entry: float, tuples: float, fill_ratio: float) -> float:
    """Pages of keys that have many rows; a part of their tuples tells how many all of them take."""
    number = math.ceil(min(tuples, _FILLED_TUPLES))
    full, left = divmod(rows, _rows_per_list(entry))
    pages = _filled(min(int(full), number), int(left), entry, fill_ratio, number)
    return pages * tuples / number


@lru_cache(maxsize=10_000)
def _filled(full: int, left: int, entry_bytes: float, fill_ratio: float, number: int) -> float:
    """Fill pages with the posting lists of keys that have many rows, as a build does.

    Nine lists of full length go on a page, and a tenth where the page has a shorter one, so
    an average would be off.

    Args:
        full: Lists of full length that a key has.
        left: Rows of its last list; 0: it has none.
        entry_bytes: Of a tuple with one row.
        fill_ratio: Of a page.
        number: How many lists to put on pages, key by key.
    """
    sizes = [_tuple_bytes(_rows_per_list(entry_bytes), entry_bytes)] * full
    if left >= 1:
        sizes.append(_tuple_bytes(left, entry_bytes))
    free_bytes, full_bytes = BLOCK_BYTES - _NEVER_USED_BYTES, int((1 - fill_ratio) * BLOCK_BYTES)
    space, on_page, pages, posting, last_size = float(free_bytes), 0, 0, 0.0, 0.0
    for size in islice(cycle(sizes), number):
        is_full = space < size + 4 or (space + posting < full_bytes and on_page > 1)
        if is_full:  # its last tuple becomes the upper bound, and the first one of the next page
            pages, on_page, space = pages + 1, 1, free_bytes - last_size
        space, on_page, last_size = space - size, on_page + 1, size
        posting = size - entry_bytes - LINE_POINTER_BYTES
    used = (free_bytes - space) / (free_bytes - full_bytes)
    return pages + min(used, 1.0)


def _rows_per_list(entry: float) -> int:
    return max((_MAX_POSTING_BYTES - int(entry)) // 8 * 8 // ROW_POINTER_BYTES, 1)


def _tuples(rows: float, entry: float) -> tuple[float, float]:
    """Tuples that the rows of one key make, and their bytes with line pointers."""
    per_list = _rows_per_list(entry)
    full, left = divmod(rows, per_list)
    count, size = full, full * _tuple_bytes(per_list, entry)
    if left > 0:
        count, size = count + 1, size + _tuple_bytes(left, entry)
    return count, size


def _tuple_bytes(rows: float, entry: float) -> float:
    if rows <= 1:
        return entry + LINE_POINTER_BYTES
    return entry + aligned(ROW_POINTER_BYTES * rows) + LINE_POINTER_BYTES


def independent(keys: Sequence[KeyStatistics]) -> tuple[Share, ...]:
    """The spread over the combinations of columns that know nothing of each other."""
    shares = keys[0].shares
    for place, key in enumerate(keys[1:], start=1):
        shares = joined(shares, placed(key.shares, place))
    return shares
