"""How large indexes other than btrees will be: simpler models than the btree's.

They rest on the layout of an entry and a typical fill, and are meant to be right to a quarter.
"""

from __future__ import annotations

import math

from pgadvisor.whatif.twin.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.entry_width import LINE_POINTER_BYTES, entry_bytes
from pgadvisor.whatif.twin.gin_size import gin_size
from pgadvisor.whatif.twin.index_size import IndexShape

_PAGE_BYTES = BLOCK_BYTES - 24 - 16
_HASH_ENTRY_BYTES = 20
_HASH_ROWS_PER_BUCKET = int(BLOCK_BYTES * 0.75) // _HASH_ENTRY_BYTES
_HASH_ROWS_PER_PAGE = _PAGE_BYTES // _HASH_ENTRY_BYTES
_HASH_WHOLE_DOUBLINGS = 9
_BRIN_POINTERS_PER_PAGE = (BLOCK_BYTES - 24 - 8) // 6
_TREE_FILL_RATIO = 0.7
_HNSW_NEIGHBOUR_BYTES = 6 * 2 * 16
"""``m`` is 16 by default; the lowest layer has twice as many neighbours."""


def other_index_pages(shape: IndexShape) -> int:
    """Predict the pages of an index that is no btree."""
    match shape.access_method:
        case "hash":
            pages = _hash_pages(shape)
        case "brin":
            pages = _brin_pages(shape)
        case "gin":
            pages = gin_size(shape).pages
        case "bloom":
            pages = 1 + shape.rows * (6 + 10) / (BLOCK_BYTES - 32)
        case "hnsw":
            width = sum(key.width_bytes for key in shape.keys) + _HNSW_NEIGHBOUR_BYTES + 80
            pages = 1 + shape.rows / max(_PAGE_BYTES // width, 1)
        case _:
            entry = entry_bytes((*shape.keys, *shape.include)) + LINE_POINTER_BYTES
            pages = 1 + shape.rows * entry / (_PAGE_BYTES * _TREE_FILL_RATIO)
    return max(math.ceil(pages), 1)


def _hash_pages(shape: IndexShape) -> float:
    """Buckets come in powers of two, and from 512 on in quarters of them (``hashpage.c``)."""
    wanted = max(shape.rows / _HASH_ROWS_PER_BUCKET, 2.0)
    doublings = math.ceil(math.log2(wanted))
    buckets = 2.0**doublings
    if doublings > _HASH_WHOLE_DOUBLINGS:
        step = buckets / 8
        buckets = math.ceil(wanted / step) * step
    overflow = sum(
        share.keys * max(share.mass / share.keys * shape.rows / _HASH_ROWS_PER_PAGE - 1, 0.0)
        for share in shape.keys[0].shares
    )
    return 2 + buckets + overflow


def _brin_pages(shape: IndexShape) -> float:
    """One summary, of a least and a greatest value, for each range of the table's pages."""
    ranges = math.ceil(shape.table_pages / int(shape.options.get("pages_per_range", 128)))
    summary = 8 + 2 * sum(key.width_bytes for key in shape.keys) + LINE_POINTER_BYTES
    map_pages = max(math.ceil(ranges / _BRIN_POINTERS_PER_PAGE), 1)
    return 1 + map_pages + max(math.ceil(ranges * summary / _PAGE_BYTES), 1)
