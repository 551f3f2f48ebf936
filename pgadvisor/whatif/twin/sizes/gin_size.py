"""How large a GIN index will be when it is built, and what its metapage will count.

After ``ginentrypage.c``, ``gindatapage.c`` and ``ginpostinglist.c``: the entry tree has a tuple
for each distinct element, with the compressed list of its rows as long as that fits; a longer
list becomes a tree of data pages.  Entries are inserted in their order, and a page that is full
is split in the middle, so that they are half full; data pages are filled up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pgadvisor.whatif.twin.sizes.entry_width import HEADER_BYTES, LINE_POINTER_BYTES, aligned
from pgadvisor.whatif.twin.sizes.gin_elements import elements_of
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.sizes.key_shares import Share, key_groups
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_PAGE_BYTES = BLOCK_BYTES - 24 - 8
_DATA_PAGE_BYTES = _PAGE_BYTES - 8
_MAX_ENTRY_BYTES = 2712
_LIST_HEADER_BYTES = 8
"""Its first row pointer, and its length."""
_SEGMENT_BYTES = 256
_SEGMENTS_PER_PAGE = _DATA_PAGE_BYTES // _SEGMENT_BYTES
_DOWNLINKS_PER_DATA_PAGE = _DATA_PAGE_BYTES // 10
_COLUMN_NUMBER_BYTES = 2
"""Of an index of several columns, before each element."""
_RANDOM_FILL_RATIO = 0.7
"""Of pages into which entries were inserted everywhere."""
_BYTES_PER_ENTRY_IN_MEMORY = 130
_BYTES_PER_ROW_IN_MEMORY = 9
_OFFSETS_IN_A_BYTE = 128
_PAGES_BY_BYTES = ((2, 1), (3, 8), (4, 1 << 10), (5, 1 << 17))
"""From how many pages on the distance to the next row takes so many bytes: seven bits in each,
and eleven bits for the place on a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GinSize:
    """What ``GinMetaPageData`` has."""

    entry_pages: int
    data_pages: int
    entries: int

    @property
    def pages(self) -> int:
        """Of the whole index, with the metapage."""
        return 1 + self.entry_pages + self.data_pages

    def scaled(self, pages: int) -> GinSize:
        """The same proportions in an index that has so many pages in fact."""
        entry_pages = max(round((pages - 1) * self.entry_pages / (self.pages - 1)), 1)
        return GinSize(
            entry_pages=entry_pages,
            data_pages=max(pages - 1 - entry_pages, 0),
            entries=max(round(self.entries * (pages - 1) / (self.pages - 1)), 1),
        )


def gin_size(shape: IndexShape) -> GinSize:
    """Predict a GIN index right after CREATE INDEX."""
    elements = [group for key in shape.keys for group in elements_of(key, shape.rows)]
    entries = data_pages = leaf_bytes = keys_bytes = memory = 0.0
    for group in elements:
        key = _key_bytes(group.width_bytes, has_number=len(shape.keys) > 1)
        share = Share(keys=group.keys, mass=group.keys * group.ratio)
        for one in key_groups((share,), shape.rows):
            size, pages = _posting(one.rows, key, shape)
            entries += one.keys
            leaf_bytes += one.keys * (size + LINE_POINTER_BYTES)
            keys_bytes += one.keys * (key + LINE_POINTER_BYTES)
            data_pages += one.keys * pages
            memory += one.keys * (_BYTES_PER_ENTRY_IN_MEMORY + _BYTES_PER_ROW_IN_MEMORY * one.rows)
    if entries < 1:
        return GinSize(entry_pages=1, data_pages=0, entries=0)
    is_in_order = memory <= shape.build_memory_bytes
    leaves = _pages_of(leaf_bytes, leaf_bytes / entries, is_in_order=is_in_order)
    entry_pages = level = leaves
    while level > 1:
        downlinks = level * keys_bytes / entries
        level = _pages_of(downlinks, keys_bytes / entries, is_in_order=is_in_order)
        entry_pages += level
    return GinSize(entry_pages=entry_pages, data_pages=round(data_pages), entries=round(entries))


def _pages_of(size: float, tuple_bytes: float, *, is_in_order: bool) -> int:
    if size <= _PAGE_BYTES:
        return 1
    # The half that stays behind has the tuple that went beyond the middle.
    filled = _PAGE_BYTES / 2 + 0.75 * tuple_bytes
    return math.ceil(size / (filled if is_in_order else _PAGE_BYTES * _RANDOM_FILL_RATIO))


def _key_bytes(width: float, *, has_number: bool) -> float:
    header = HEADER_BYTES
    if has_number:
        header += _COLUMN_NUMBER_BYTES if width % 4 else 4
    return aligned(header + math.ceil(width))


def _posting(rows: float, key: float, shape: IndexShape) -> tuple[float, float]:
    """Bytes of an element's entry, and its data pages."""
    distance = _distance_bytes(rows, shape)
    size = aligned(key + _LIST_HEADER_BYTES + aligned((rows - 1) * distance, 2))
    if size <= _MAX_ENTRY_BYTES:
        return size, 0
    rows_per_segment = 1 + (_SEGMENT_BYTES - _LIST_HEADER_BYTES) / distance
    leaves = math.ceil(rows / rows_per_segment / _SEGMENTS_PER_PAGE)
    return key, leaves + (math.ceil(leaves / _DOWNLINKS_PER_DATA_PAGE) if leaves > 1 else 0)


def _distance_bytes(rows: float, shape: IndexShape) -> float:
    """Average bytes of the distance from one row of an element to the next, at random places."""
    rows_per_page = max(shape.rows / max(shape.table_pages, 1), 1.0)
    gap = max(shape.rows / rows, 1.0)
    per_gap = rows_per_page / gap
    beyond = -math.expm1(-per_gap) / per_gap if gap > 1 else 1 / rows_per_page
    size = 1 + (1 - beyond) * math.exp(-_OFFSETS_IN_A_BYTE / gap)
    for _, pages in _PAGES_BY_BYTES:
        size += beyond * math.exp(-(pages - 1) * per_gap)
    return size
