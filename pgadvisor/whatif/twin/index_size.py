"""How large an index will be when it is built, and how high, from statistics.

The btree model follows PostgreSQL's own build (``nbtsort.c``, ``nbtdedup.c``).  An entry is an
8-byte header with the key, aligned to 8, and a 4-byte line pointer; leaf pages are filled to
90 %, inner ones to 70 %.  Since version 13 equal keys share posting lists: one key and 6 bytes
a row, in tuples of at most 812 bytes.  Whether a type may share is in the catalog (an operator
class with support function 4); a unique index and one with INCLUDE never do.

How many rows share a key is known of the most common values; the others are taken to be drawn
at random, so that the rows of a key follow Poisson's law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from pgadvisor.whatif.twin.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.entry_width import (
    LINE_POINTER_BYTES,
    ROW_POINTER_BYTES,
    KeyStatistics,
    aligned,
    entry_bytes,
    is_uniform,
)
from pgadvisor.whatif.twin.gin_size import Elements

FILL_RATIO = 0.9
"""Of a leaf that is being built, unless the index says otherwise."""
_INNER_FILL_RATIO = 0.7
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
    pages_per_range: int = 128
    """Of BRIN."""
    distinct_count: float | None = None
    """Distinct combinations of the keys, where that is known; None: they are independent."""
    elements: Elements | None = None
    """Of GIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BtreeSize:
    """The predicted size of a btree."""

    pages: int
    height: int
    """Levels above the leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Keys that share the same number of rows."""

    keys: float
    rows: float
    """Of each of these keys."""
    entry_bytes: float


def btree_size(shape: IndexShape) -> BtreeSize:
    """Predict the size of a btree right after CREATE INDEX."""
    if shape.rows < 1:
        return BtreeSize(pages=1, height=0)
    leaves = _leaf_pages(shape)
    pages, level, height = leaves, leaves, 0
    fanout = inner_fanout(shape)
    while level > 1:
        level = math.ceil(level / fanout)
        pages += level
        height += 1
    return BtreeSize(pages=pages + 1, height=height)  # and the metapage


def btree_height(shape: IndexShape, pages: int) -> int:
    """The height of a btree that has so many pages now."""
    fanout = inner_fanout(shape)
    level = max(math.ceil((pages - 1) * (1 - 1 / fanout)), 1)
    height = 0
    while level > 1:
        level = math.ceil(level / fanout)
        height += 1
    # Each level has a page at least, beside the metapage.
    return max(min(height, pages - 2), 0)


def inner_fanout(shape: IndexShape) -> float:
    """Downlinks on an inner page; their keys are cut after what tells two leaves apart."""
    room = BLOCK_BYTES - _NEVER_USED_BYTES - int((1 - _INNER_FILL_RATIO) * BLOCK_BYTES)
    size, likelihood = 0.0, 0.0
    for count in range(1, len(shape.keys) + 1):
        prefix = shape.keys[:count]
        known = shape.distinct_count if count == len(shape.keys) else None
        differs = min(_distinct(prefix, shape.rows, known) / max(shape.rows, 1.0), 1.0)
        size += max(differs - likelihood, 0.0) * entry_bytes(prefix)
        likelihood = max(likelihood, differs)
    # Keys that are all equal are told apart by their row pointer.
    size += (1 - likelihood) * (entry_bytes(shape.keys) + 8)
    return max(room / (size + LINE_POINTER_BYTES), 2.0)


def _leaf_pages(shape: IndexShape) -> int:
    room = BLOCK_BYTES - _NEVER_USED_BYTES - int((1 - shape.fill_ratio) * BLOCK_BYTES)
    if not shape.may_deduplicate or shape.include:
        entry = entry_bytes((*shape.keys, *shape.include))
        size = entry + LINE_POINTER_BYTES
        per_page = room / size - 0.5
        if is_uniform((*shape.keys, *shape.include)):
            hard_limit = (BLOCK_BYTES - _NEVER_USED_BYTES - 8 - entry) // size
            per_page = min(room // size, hard_limit)
        return math.ceil(shape.rows / max(per_page, 1.0))
    return math.ceil(sum(_shared_pages(_groups(shape), room, shape.fill_ratio)))


def _shared_pages(groups: Iterable[_Group], room: int, fill_ratio: float) -> Iterator[float]:
    """Leaf pages of keys with many rows, one by one, and of all keys with few rows."""
    tuples = total = keys = 0.0
    for group in groups:
        count, size = _tuples(group.rows, group.entry_bytes)
        if group.rows >= _REGULAR_ROWS_PER_KEY:
            yield _filled_pages(group, count * group.keys, fill_ratio)
            continue
        tuples += group.keys * count
        total += group.keys * size
        keys += group.keys * count * (group.entry_bytes + LINE_POINTER_BYTES)
    if tuples:
        # The posting list of a page's last tuple goes when that becomes the page's upper bound.
        posting = max(total - keys, 0.0) / tuples
        yield tuples / max((room + posting) / (total / tuples) - 0.5, 1.0)


def _filled_pages(group: _Group, tuples: float, fill_ratio: float) -> float:
    """Fill pages with the posting lists of keys that have many rows, as a build does.

    Nine lists of full length go on a page, and a tenth where the page has a shorter one, so
    an average would be off.  A part of the tuples tells how many pages all of them take.
    """
    per_list = _rows_per_list(group.entry_bytes)
    lists = [per_list] * int(group.rows // per_list)
    if group.rows % per_list >= 1:
        lists.append(int(group.rows % per_list))
    free_bytes, full_bytes = BLOCK_BYTES - _NEVER_USED_BYTES, int((1 - fill_ratio) * BLOCK_BYTES)
    space, on_page, pages, posting = float(free_bytes), 0, 0, 0.0
    number = math.ceil(min(tuples, _FILLED_TUPLES))
    last_size = 0.0
    for rows in islice(cycle(lists), number):
        size = _tuple_bytes(rows, group.entry_bytes)
        is_full = space < size + 4 or (space + posting < full_bytes and on_page > 1)
        if is_full:  # its last tuple becomes the upper bound, and the first one of the next page
            pages, on_page, space = pages + 1, 1, free_bytes - last_size
        space, on_page, last_size = space - size, on_page + 1, size
        posting = size - group.entry_bytes - LINE_POINTER_BYTES
    used = (free_bytes - space) / (free_bytes - full_bytes)
    return (pages + min(used, 1.0)) * tuples / number


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


def _groups(shape: IndexShape) -> Iterator[_Group]:
    """Yield how many keys have how many rows."""
    rows, distinct = shape.rows, _distinct(shape.keys, shape.rows, shape.distinct_count)
    entry = entry_bytes(shape.keys)
    if len(shape.keys) == 1:
        [key] = shape.keys
        entry = entry_bytes((replace(key, null_ratio=0.0),))
        if key.null_ratio:
            of_null = entry_bytes((replace(key, null_ratio=1.0),))
            yield _Group(keys=1.0, rows=key.null_ratio * rows, entry_bytes=of_null)
        for ratio in key.common_ratios:
            yield _Group(keys=1.0, rows=ratio * shape.rows, entry_bytes=entry)
        rows *= max(1 - sum(key.common_ratios) - key.null_ratio, 0.0)
        distinct -= len(key.common_ratios)
    if rows >= 1:
        yield from _random(rows, min(max(distinct, 1.0), rows), entry)


def _random(rows: float, distinct: float, entry: float) -> Iterator[_Group]:
    """Rows that are drawn at random from keys, each of which got one at least."""
    mean = rows / distinct
    if mean >= _REGULAR_ROWS_PER_KEY:
        yield _Group(keys=distinct, rows=mean, entry_bytes=entry)
        return
    rate = _poisson_rate(mean)
    likelihood = rate / math.expm1(rate) if rate > 0 else 1.0
    for count in range(1, int(mean + 8 * math.sqrt(mean)) + 8):
        if likelihood > 1e-9:  # noqa: PLR2004  (one key in a billion)
            yield _Group(keys=distinct * likelihood, rows=count, entry_bytes=entry)
        likelihood *= rate / (count + 1)


def _poisson_rate(mean: float) -> float:
    """The rate at which those that are not zero have that mean."""
    low, high = 0.0, mean
    while high - low > 1e-6 * mean:
        middle = (low + high) / 2
        if middle / -math.expm1(-middle) < mean:
            low = middle
        else:
            high = middle
    return low


def _distinct(keys: Sequence[KeyStatistics], rows: float, known: float | None) -> float:
    """Distinct combinations among so many rows; of independent columns, as chance has it."""
    if known is not None:
        return max(min(known, rows), 1.0)
    if len(keys) == 1:
        return max(min(keys[0].distinct_count, rows), 1.0)
    combinations = math.prod(max(key.distinct_count, 1.0) for key in keys)
    by_chance = -combinations * math.expm1(-rows / combinations)
    return min(max(by_chance, *(key.distinct_count for key in keys), 1.0), rows)
