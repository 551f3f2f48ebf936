"""How large the indexes of pgvector, and bloom's signatures, will be.

After pgvector's ``hnsw.h`` and ``hnswbuild.c``, ``ivfflat.h`` and ``ivfbuild.c``, and
``contrib/bloom``.
"""

from __future__ import annotations

import math
import re

from pgadvisor.whatif.twin.sizes.entry_width import (
    HEADER_BYTES,
    LINE_POINTER_BYTES,
    ROW_POINTER_BYTES,
    KeyStatistics,
    aligned,
)
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_PAGE_BYTES = BLOCK_BYTES - 24 - 8
_DIMENSIONS = re.compile(r"(\w+)\((\d+)\)")
_BYTES_BY_TYPE = {"vector": 4.0, "halfvec": 2.0, "bit": 1 / 8}
_VALUE_HEADER_BYTES = 8
_ELEMENT_HEADER_BYTES = 72
"""Of HNSW: flags, ten row pointers, and where the neighbours are."""
_NEIGHBOURS_HEADER_BYTES = 4
_USUAL_M = 16
_USUAL_LISTS = 100
_USUAL_SIGNATURE_BITS = 80
_SIGNATURE_WORD_BITS = 16


def hnsw_pages(shape: IndexShape) -> float:
    """Predict the pages of an HNSW index: an element and its neighbours stay on one page."""
    m = int(shape.options.get("m", _USUAL_M))
    element = aligned(_ELEMENT_HEADER_BYTES + _value_bytes(shape.keys[0]))
    lowest = aligned(_NEIGHBOURS_HEADER_BYTES + 2 * m * ROW_POINTER_BYTES)
    size = element + lowest + 2 * LINE_POINTER_BYTES
    number = int(_PAGE_BYTES // size)
    if number < 1:  # they do not fit on a page together
        return 1 + 2 * shape.rows
    # One in m elements is in the next layer too, where it has m neighbours more.
    spare = int((_PAGE_BYTES - number * size) // (m * ROW_POINTER_BYTES))
    fits = sum(
        math.comb(number, higher) * (1 / m) ** higher * (1 - 1 / m) ** (number - higher)
        for higher in range(min(spare, number) + 1)
    )
    present = shape.rows * (1 - shape.keys[0].null_ratio)
    return 1 + present / max(number - 1 + fits, 0.5)


def ivfflat_pages(shape: IndexShape) -> float:
    """Predict the pages of an IVFFlat index: centres of lists, and at least a page for each."""
    lists = int(shape.options.get("lists", _USUAL_LISTS))
    width = _value_bytes(shape.keys[0])
    centres = math.ceil(lists / max(_PAGE_BYTES // (aligned(8 + width) + LINE_POINTER_BYTES), 1))
    per_page = max(_PAGE_BYTES // (aligned(HEADER_BYTES + width) + LINE_POINTER_BYTES), 1)
    full = shape.rows * (1 - shape.keys[0].null_ratio) / lists / per_page
    # The last page of a list is half full, on average.
    return 1 + centres + lists * (full + 0.5 if full > 1 else 1)


def bloom_pages(shape: IndexShape) -> float:
    """Predict the pages of a bloom index: a signature for each row."""
    words = math.ceil(
        int(shape.options.get("length", _USUAL_SIGNATURE_BITS)) / _SIGNATURE_WORD_BITS
    )
    return 1 + shape.rows / (_PAGE_BYTES // (ROW_POINTER_BYTES + 2 * words))


def _value_bytes(key: KeyStatistics) -> float:
    """By its dimensions, where the type has them: a long one is stored elsewhere in the table."""
    match = _DIMENSIONS.fullmatch(key.type_name)
    if match and match[1] in _BYTES_BY_TYPE:
        return _VALUE_HEADER_BYTES + math.ceil(int(match[2]) * _BYTES_BY_TYPE[match[1]])
    return key.width_bytes
