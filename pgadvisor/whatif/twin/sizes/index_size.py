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
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pgadvisor.whatif.twin.sizes.entry_width import (
    LINE_POINTER_BYTES,
    KeyStatistics,
    entry_bytes,
    entry_bytes_with,
    is_uniform,
)
from pgadvisor.whatif.twin.sizes.independent import independent, own_present
from pgadvisor.whatif.twin.sizes.key_rows import REGULAR_ROWS_PER_KEY, KeyRows, key_rows
from pgadvisor.whatif.twin.sizes.key_shares import Share, key_groups
from pgadvisor.whatif.twin.sizes.leaf_fill import (
    ROOM_BYTES,
    PostingLists,
    filled_pages,
    kept_free_bytes,
    posting_lists,
)

FILL_RATIO = 0.9
"""Of a leaf that is being built, unless the index says otherwise."""
INNER_FILL_RATIO = 0.7
"""How full the inner pages of a btree are when it is built."""
_REMEMBERED = 500


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
    if shape.shares is shape.keys[0].shares:
        keys = own_present(shape.keys[0], shape.rows)
    else:
        keys = key_rows(shape.shares or independent(shape.keys), shape.rows).keys
    lists = posting_lists(entry_bytes(shape.keys), shape.fill_ratio)
    return min(keys + shape.rows / lists.rows, shape.rows)


def inner_fanout(shape: IndexShape, tuples: float) -> float:
    """Downlinks on an inner page; their keys are cut after what tells two leaves apart.

    Args:
        shape: The index.
        tuples: On its leaves.
    """
    room = ROOM_BYTES - kept_free_bytes(INNER_FILL_RATIO)
    size, likelihood, distinct = 0.0, 0.0, 1.0
    for count, key in enumerate(shape.keys, start=1):
        prefix = shape.keys[:count]
        own = max(own_present(key, shape.rows), 1.0)
        # As many combinations as chance makes of independent columns.
        distinct = own if count == 1 else max(_drawn(distinct * own, shape.rows), 1.0)
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
    if shape.may_deduplicate and not shape.include:
        found = key_rows(shape.shares or independent(shape.keys), shape.rows)
        entries = tuple(entry_bytes_with(shape.keys, nulls) for nulls in found.nulls)
        return _shared_leaves(found, entries, shape.fill_ratio)
    entry = entry_bytes((*shape.keys, *shape.include))
    size = entry + LINE_POINTER_BYTES
    room = ROOM_BYTES - kept_free_bytes(shape.fill_ratio)
    per_page = room / size - 0.5
    if is_uniform((*shape.keys, *shape.include)):
        per_page = min(room // size, (ROOM_BYTES - 8 - entry) // size)
    return _Leaves(pages=math.ceil(shape.rows / max(per_page, 1.0)), tuples=shape.rows)


@lru_cache(maxsize=_REMEMBERED)
def _shared_leaves(found: KeyRows, entries: tuple[float, ...], fill_ratio: float) -> _Leaves:
    """Leaf pages of keys with many rows, one by one, and of all keys with few rows.

    Args:
        found: The keys.
        entries: Bytes of a tuple with one row, for each of their ``nulls``.
        fill_ratio: Of a page.
    """
    by_nulls = zip(found.nulls, entries, strict=True)
    lists = {nulls: posting_lists(entry, fill_ratio) for nulls, entry in by_nulls}
    pages = many_tuples = 0.0
    for group in found.many:
        own = lists[group.nulls]
        tuples = group.keys * own.of_key(group.rows)[0]
        many_tuples += tuples
        pages += filled_pages(own, group.rows, tuples)
    few_tuples, posting, total = _of_few_rows(found, lists)
    if few_tuples:
        # The posting list of a page's last tuple goes when that becomes the page's upper bound.
        room = ROOM_BYTES - kept_free_bytes(fill_ratio) + posting / few_tuples
        pages += few_tuples / max(room / (total / few_tuples) - 0.5, 1.0)
    return _Leaves(pages=math.ceil(pages), tuples=many_tuples + few_tuples)


def _of_few_rows(found: KeyRows, lists: Mapping[int, PostingLists]) -> tuple[float, float, float]:
    """Tuples of keys with few rows, the bytes of their posting lists, and all of their bytes."""
    if any(lists[nulls].rows < REGULAR_ROWS_PER_KEY for nulls in found.few):
        return _of_wide_keys(found, lists)
    tuples = posting = total = 0.0
    for nulls, few in found.few.items():
        tuples += few.keys
        posting += few.row_pointer_bytes
        single_bytes = lists[nulls].entry_bytes + LINE_POINTER_BYTES
        total += few.keys * single_bytes + few.row_pointer_bytes
    return tuples, posting, total


def _of_wide_keys(found: KeyRows, lists: Mapping[int, PostingLists]) -> tuple[float, float, float]:
    """The same where a list takes so few rows that some of these keys need several."""
    tuples = total = keys = 0.0
    for group in key_groups(found.shares, found.rows):
        if group.rows >= REGULAR_ROWS_PER_KEY:
            continue
        own = lists[group.nulls]
        count, size = own.of_key(group.rows)
        tuples += group.keys * count
        total += group.keys * size
        keys += group.keys * count * (own.entry_bytes + LINE_POINTER_BYTES)
    return tuples, max(total - keys, 0.0), total
