"""How large GiST and SP-GiST indexes will be: leaf entries by their layout, and usual fills.

How full pages get is up to how an operator class splits them, which no layout tells; the ratios
here were measured on built indexes (``tests/benchmarks/index_size.py``).  A sorted build
(``gistbuild.c``) fills pages up: of points since version 14, of ranges and of btree_gist's types
since 18.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import takewhile

from pgadvisor.whatif.twin.sizes.entry_width import (
    HEADER_BYTES,
    LINE_POINTER_BYTES,
    KeyStatistics,
    aligned,
)
from pgadvisor.whatif.twin.sizes.gin_elements import elements_per_row
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_PAGE_BYTES = BLOCK_BYTES - 24 - 16
_SORTED_POINTS_MAJOR = 14
_SORTED_MAJOR = 18
_COMPRESSED_BYTES = 508
"""``TOAST_INDEX_TARGET``: a longer list of lexemes becomes a signature."""
_SIGNATURE_BYTES = 124
_BTREE_GIST_TYPE = "gbtreekey"
_TEXT_CLASSES = frozenset({"gist_text_ops", "gist_bpchar_ops", "gist_varchar_ops"})
_RANGE_CLASSES = frozenset({"range_ops", "multirange_ops"})
_FILL_BY_CLASS = {
    "gist_trgm_ops": 0.64,
    "tsvector_ops": 0.82,
    "inet_ops": 0.6,
    "box_ops": 0.6,
    "poly_ops": 0.57,
    "circle_ops": 0.57,
    "point_ops": 0.59,
    "range_ops": 0.48,
    "multirange_ops": 0.48,
}
_USUAL_FILL = 0.59
_SORTED_FILL = 0.98
_SORTED_TEXTS_FILL = 0.83
_SORTED_POINTS_FILL = 0.65
_SORTED_EVEN_RANGES_FILL = 0.8
_SORTED_RANGES_FILL = 0.6
"""Of ranges of different lengths, which a split puts on the same page less often."""
_EVEN_LENGTHS_RATIO = 0.1
_RADIX_FILL = 0.76
_RADIX_HEADER_BYTES = 16
_RADIX_BRANCHES = 20.0


def gist_pages(shape: IndexShape) -> float:
    """Predict the pages of a GiST index right after CREATE INDEX; it has no metapage."""
    nulls = 1 - math.prod(1 - key.null_ratio for key in shape.keys)
    width = HEADER_BYTES + nulls * HEADER_BYTES
    for key in (*shape.keys, *shape.include):
        if key.alignment_bytes > 4 and not key.is_variable:  # noqa: PLR2004
            width = aligned(width, key.alignment_bytes)
        width += _stored_bytes(key) * (1 - key.null_ratio)
    entry = aligned(width) + LINE_POINTER_BYTES
    fill = min(_fill(key, shape.major) for key in shape.keys)
    per_page = max(_PAGE_BYTES * fill / entry, 2.0)
    pages = level = math.ceil(shape.rows / per_page)
    while level > 1:
        level = math.ceil(level / per_page)
        pages += level
    return pages


def spgist_pages(shape: IndexShape) -> float:
    """Predict the pages of an SP-GiST index right after CREATE INDEX."""
    key = shape.keys[0]
    width = key.width_bytes
    if key.operator_class in {"text_ops", "varchar_ops"}:
        width = _suffix_bytes(key, shape.rows)
    elif key.is_variable and key.operator_class == "poly_ops":
        width = 32.0  # its box
    entries = [_RADIX_HEADER_BYTES + width, *(other.width_bytes for other in shape.include)]
    entry = aligned(sum(entries)) + LINE_POINTER_BYTES
    # A metapage, and a root for values and one for NULL.
    return 3 + shape.rows * entry / (_PAGE_BYTES * _RADIX_FILL)


def _stored_bytes(key: KeyStatistics) -> float:
    """What a leaf keeps of a value: by the type of the index's own column."""
    match key.type_name:
        case "gtrgm":
            return 2 + 3 * elements_per_row(key, "gin_trgm_ops")
        case "gtsvector":
            lexemes = 4 * elements_per_row(key, "tsvector_ops")
            siglen = int(key.options.get("siglen", _SIGNATURE_BYTES))
            return 5 + (lexemes if lexemes + 8 <= _COMPRESSED_BYTES else siglen)
        case "gbtreekey_var":
            return key.width_bytes + 4  # its own length, beside that of the value
        case "ltree_gist":
            return key.width_bytes + 8
        case "inet" | "cidr":
            return key.width_bytes + 1
        case _:
            return key.width_bytes


def _fill(key: KeyStatistics, major: int) -> float:
    name = key.operator_class
    if major >= _SORTED_MAJOR and key.type_name.startswith(_BTREE_GIST_TYPE):
        return _SORTED_TEXTS_FILL if name in _TEXT_CLASSES else _SORTED_FILL
    if major >= _SORTED_MAJOR and name in _RANGE_CLASSES:
        return _SORTED_EVEN_RANGES_FILL if _are_even(_lengths(key)) else _SORTED_RANGES_FILL
    if major >= _SORTED_POINTS_MAJOR and name == "point_ops":
        return _SORTED_POINTS_FILL
    return _FILL_BY_CLASS.get(name, _USUAL_FILL)


def _lengths(key: KeyStatistics) -> Sequence[str]:
    values = key.values
    return (values.range_length_histogram or ()) if values is not None else ()


def _are_even(lengths: Sequence[str]) -> bool:
    """All ranges are about as long as each other, or have no end."""
    numbers = [float(length) for length in lengths]
    if not numbers:
        return False
    low, high = numbers[len(numbers) // 10], numbers[len(numbers) * 9 // 10]
    return low == high or high - low <= _EVEN_LENGTHS_RATIO * high


def _suffix_bytes(key: KeyStatistics, rows: float) -> float:
    """What is left of a text below the letters that lead to its leaf."""
    bounds = (key.values.histogram_bounds or ()) if key.values is not None else ()
    # What the first and the last of all have in common, they all have.
    ends = zip(min(bounds, default=""), max(bounds, default=""), strict=False)
    common = len("".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], ends)).encode())
    depth = math.log(max(rows / 100, 1.0)) / math.log(_RADIX_BRANCHES)
    return max(key.width_bytes - common - depth, 1.0)
