"""How many leaf pages the posting lists of keys with many rows fill, as ``nbtsort.c`` does it.

Nine lists of full length go on a page, and a tenth where the page has a shorter one, so an
average would be off.  Lists are put on pages in order, but as many equal ones at once as there
are, and what comes round again is not done again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from pgadvisor.whatif.twin.sizes.entry_width import (
    LINE_POINTER_BYTES,
    ROW_POINTER_BYTES,
    aligned,
)
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_NEVER_USED_BYTES = 24 + 16 + 2 * LINE_POINTER_BYTES
"""Page header, btree's special space, the upper bound's line pointer and one to spare."""
ROOM_BYTES = BLOCK_BYTES - _NEVER_USED_BYTES
"""What a page has for tuples."""
_MAX_POSTING_BYTES = 812
_FILLED_TUPLES = 1_000
"""So many are put on pages."""
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostingLists:
    """The tuples of a btree that hold the rows of a key, sizes with their line pointers."""

    entry_bytes: float
    """Of a tuple with one row, without its line pointer."""
    rows: int
    """Of a list of full length."""
    full_bytes: float
    """Of a tuple with such a list."""
    kept_bytes: int
    """What a page keeps free."""
    on_first: int
    """How many tuples of full length go on a page that is empty."""
    on_next: int
    """The same of a page that begins with the last one of the page before."""

    def of_key(self, rows: float) -> tuple[float, float]:
        """Tuples that the rows of one key make, and their bytes."""
        full, left = divmod(rows, self.rows)
        if left <= 0:
            return full, full * self.full_bytes
        return full + 1, full * self.full_bytes + self.tuple_bytes(left)

    def tuple_bytes(self, rows: float) -> float:
        """Of a tuple with so many rows."""
        return _tuple_bytes(self.entry_bytes, rows)


@lru_cache(maxsize=_REMEMBERED)
def posting_lists(entry_bytes: float, fill_ratio: float) -> PostingLists:
    """The tuples of keys whose tuple with one row has so many bytes."""
    rows = max((_MAX_POSTING_BYTES - int(entry_bytes)) // 8 * 8 // ROW_POINTER_BYTES, 1)
    size = _tuple_bytes(entry_bytes, rows)
    kept_bytes = kept_free_bytes(fill_ratio)
    least = max(size + LINE_POINTER_BYTES, kept_bytes - (size - entry_bytes - LINE_POINTER_BYTES))
    # However little a page is filled, two tuples are on it.
    second = int(ROOM_BYTES - size >= size + LINE_POINTER_BYTES)
    further = _fitting(ROOM_BYTES - 2 * size, size, least)
    return PostingLists(
        entry_bytes=entry_bytes,
        rows=rows,
        full_bytes=size,
        kept_bytes=kept_bytes,
        on_first=1 + second * (1 + further),
        on_next=1 + further,
    )


def kept_free_bytes(fill_ratio: float) -> int:
    """What a page keeps free that is filled to that part."""
    return int((1 - fill_ratio) * BLOCK_BYTES)


def filled_pages(lists: PostingLists, rows: float, tuples: float) -> float:
    """Pages of keys that have many rows; a part of their tuples tells how many all of them take.

    Args:
        lists: How their rows are kept.
        rows: Of each of these keys.
        tuples: Of all of them.
    """
    number = math.ceil(min(tuples, _FILLED_TUPLES))
    whole, left = divmod(rows, lists.rows)
    full = int(whole)
    last_bytes = lists.tuple_bytes(int(left)) if left >= 1 else 0.0
    if number <= full or not last_bytes:
        pages = _of_one_key(lists, number, 0.0)
    elif number == full + 1:
        pages = _of_one_key(lists, full, last_bytes)
    else:
        pages = _of_keys(lists, full, last_bytes, number)
    return pages * tuples / number


def _of_one_key(lists: PostingLists, full: int, last_bytes: float) -> float:
    """Pages, the last one in part, of some tuples of full length and one after them, or none."""
    size = lists.full_bytes
    if full <= lists.on_first:
        pages, space = 0, ROOM_BYTES - full * size
    else:
        before, on_last = divmod(full - lists.on_first - 1, lists.on_next)
        pages, space = before + 1, ROOM_BYTES - (on_last + 2) * size
    if last_bytes:
        list_bytes = size - lists.entry_bytes - LINE_POINTER_BYTES
        is_filled = full > 1 and space + list_bytes < lists.kept_bytes
        if is_filled or space < last_bytes + LINE_POINTER_BYTES:
            pages, space = pages + 1, ROOM_BYTES - size
        space -= last_bytes
    return pages + min((ROOM_BYTES - space) / (ROOM_BYTES - lists.kept_bytes), 1.0)


@lru_cache(maxsize=_REMEMBERED)
def _of_keys(lists: PostingLists, full: int, last_bytes: float, number: int) -> float:
    """Pages, the last one in part, of so many tuples of keys that follow each other.

    Args:
        lists: How rows are kept.
        full: Tuples of full length that a key has.
        last_bytes: Of the one tuple after them.
        number: Of tuples.
    """
    filling = _Filling(lists)
    keys, rest = divmod(number, full + 1)
    seen: dict[float, tuple[int, int]] = {}
    while keys:
        filling.put(lists.full_bytes, full)
        filling.put(last_bytes, 1)
        keys -= 1
        # With the same room left after a key, the next ones go the same way as they did then.
        then, pages = seen.setdefault(filling.space_bytes, (keys, filling.pages))
        if then > keys:
            rounds, keys = divmod(keys, then - keys)
            filling.pages += rounds * (filling.pages - pages)
            seen.clear()
    filling.put(lists.full_bytes, rest)
    used = (ROOM_BYTES - filling.space_bytes) / (ROOM_BYTES - lists.kept_bytes)
    return filling.pages + min(used, 1.0)


class _Filling:
    """A page that is being filled, after others.

    Args:
        lists: How rows are kept.
    """

    def __init__(self, lists: PostingLists) -> None:
        self.pages = 0
        """That are full."""
        self.space_bytes = float(ROOM_BYTES)
        """What is left of this one."""
        self._kept_bytes = lists.kept_bytes
        self._without_list_bytes = lists.entry_bytes + LINE_POINTER_BYTES
        self._last_bytes = self._list_bytes = 0.0
        self._on_page = 0

    def put(self, size_bytes: float, count: int) -> None:
        """Put so many tuples of a size on this page and on the next ones."""
        while count and (size_bytes != self._last_bytes or self._on_page <= 1):
            self._put_one(size_bytes)
            count -= 1
        least_bytes = max(size_bytes + LINE_POINTER_BYTES, self._kept_bytes - self._list_bytes)
        fitting = _fitting(self.space_bytes, size_bytes, least_bytes)
        if count <= fitting:
            self.space_bytes -= count * size_bytes
            return
        # From here on each page begins with the last tuple of the one before, and has a new one.
        begun_bytes = ROOM_BYTES - size_bytes
        count -= fitting
        per_page = 1 + _fitting(begun_bytes - size_bytes, size_bytes, least_bytes)
        full, on_last = divmod(count - 1, per_page)
        self.pages += full + 1
        self.space_bytes = begun_bytes - (on_last + 1) * size_bytes

    def _put_one(self, size_bytes: float) -> None:
        is_filled = self.space_bytes + self._list_bytes < self._kept_bytes and self._on_page > 1
        if is_filled or self.space_bytes < size_bytes + LINE_POINTER_BYTES:
            # Its last tuple becomes the upper bound, and the first one of the next page.
            self.pages += 1
            self._on_page = 1
            self.space_bytes = ROOM_BYTES - self._last_bytes
        self.space_bytes -= size_bytes
        self._on_page += 1
        self._last_bytes = size_bytes
        self._list_bytes = size_bytes - self._without_list_bytes


def _fitting(space_bytes: float, size_bytes: float, least_bytes: float) -> int:
    """How many tuples go on a page while there is at least so much room before each of them."""
    if space_bytes < least_bytes:
        return 0
    return int((space_bytes - least_bytes) // size_bytes) + 1


def _tuple_bytes(entry_bytes: float, rows: float) -> float:
    pointers_bytes = aligned(ROW_POINTER_BYTES * rows) if rows > 1 else 0.0
    return entry_bytes + pointers_bytes + LINE_POINTER_BYTES
