"""The upper pages of a btree that has no entries.

The planner charges for a descent through a btree, and reads its height from the metapage.  It
may also look for the least and the greatest key (``get_actual_variable_range``), so the metapage
has to point to something: a root of that height with a single downlink, and an empty leaf.  The
levels between them are left out, since a descent ends where a page says that it is a leaf.  All
other pages of the file are zeros that nobody ever reads.

A page says in its header how long it is.  Ours say that they are half a block, so that the
second half of each block is a hole in the file, which takes no space.

Layouts: ``src/include/storage/bufpage.h`` and ``src/include/access/nbtree.h``; btree version 4
with an unchanged layout since PostgreSQL 13.  Descents: ``_bt_search`` and ``_bt_get_endpoint``
in ``nbtsearch.c``.  Numbers are in the byte order of this machine, as the server's are.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from pgadvisor.errors import TwinError

BLOCK_BYTES = 8192
PAGE_BYTES = BLOCK_BYTES // 2
"""How much of its block each of our pages takes."""
_PAGE_HEADER = struct.Struct("=QHHHHHHI")
_METAPAGE = struct.Struct("=IIIIII")
_SPECIAL = struct.Struct("=IIIHH")
_ITEM_POINTER = struct.Struct("=I")
_TUPLE = struct.Struct("=HHHH")
_SPECIAL_BYTES = _SPECIAL.size
_SPECIAL_AT = PAGE_BYTES - _SPECIAL_BYTES
_MAGIC = 0x053162
_LAYOUT_VERSION = 4
_IS_LEAF = 1
_IS_ROOT = 2
_DOWNLINK_BYTES = 8
_NORMAL_ITEM = 1
_HAS_ATTRIBUTE_COUNT = 0x2000
"""Of a tuple: the offset of its row pointer holds the number of its key columns."""


@lru_cache(maxsize=100)
def with_height(metapage: bytes, height: int) -> tuple[bytes, ...]:
    """Return the first pages of an empty btree: its metapage, and a path down to one leaf.

    Args:
        metapage: The first block, as CREATE INDEX wrote it; it knows what the index may do.
        height: Levels above the leaves; 0: the root is a leaf.

    Returns:
        What goes to the beginning of each of the first blocks, ``PAGE_BYTES`` long.

    Raises:
        TwinError: The page is no metapage of a btree that we know.
    """
    header = _PAGE_HEADER.size
    is_page = len(metapage) == BLOCK_BYTES
    magic, version = _METAPAGE.unpack_from(metapage, header)[:2] if is_page else (0, 0)
    if magic != _MAGIC or version > _LAYOUT_VERSION:
        raise TwinError("giving a btree its height", "its metapage is not of a known layout")
    layout = _PAGE_HEADER.unpack_from(metapage)[6] % BLOCK_BYTES
    first = bytearray(metapage[:_SPECIAL_AT] + metapage[-_SPECIAL_BYTES:])
    lower = _PAGE_HEADER.unpack_from(metapage)[3]
    _PAGE_HEADER.pack_into(
        first, 0, 0, 0, 0, lower, _SPECIAL_AT, _SPECIAL_AT, PAGE_BYTES | layout, 0
    )
    root = 1
    _METAPAGE.pack_into(first, header, magic, version, root, height, root, height)
    if height == 0:
        return bytes(first), _page(layout, 0, _IS_ROOT | _IS_LEAF, None)
    return (
        bytes(first),
        _page(layout, height, _IS_ROOT, root + 1),
        _page(layout, 0, _IS_LEAF, None),
    )


def _page(layout: int, level: int, flags: int, child: int | None) -> bytes:
    """The only page of a level; an inner one leads to its child whatever the key is."""
    page = bytearray(PAGE_BYTES)
    lower, upper = _PAGE_HEADER.size, _SPECIAL_AT
    if child is not None:
        upper -= _DOWNLINK_BYTES
        _ITEM_POINTER.pack_into(page, lower, _item_pointer(upper, _DOWNLINK_BYTES))
        lower += _ITEM_POINTER.size
        info = _DOWNLINK_BYTES | _HAS_ATTRIBUTE_COUNT
        _TUPLE.pack_into(page, upper, child >> 16, child & 0xFFFF, 0, info)
    _PAGE_HEADER.pack_into(page, 0, 0, 0, 0, lower, upper, _SPECIAL_AT, PAGE_BYTES | layout, 0)
    _SPECIAL.pack_into(page, _SPECIAL_AT, 0, 0, level, flags, 0)
    return bytes(page)


def _item_pointer(offset: int, length: int) -> int:
    """Three bit fields: 15 bits offset, 2 bits state, 15 bits length, lowest bits first."""
    return offset | _NORMAL_ITEM << 15 | length << 17
