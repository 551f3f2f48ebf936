"""How large a BRIN index will be: a summary for each range of the table's pages.

After ``brin_tuple.c`` and the operator classes' own summaries: a least and a greatest value,
several of them (``brin_minmax_multi.c``), what includes all (``brin_inclusion.c``), or a filter
(``brin_bloom.c``); a map finds them (``brin_revmap.c``).
"""

from __future__ import annotations

import math

from pgadvisor.whatif.twin.sizes.entry_width import LINE_POINTER_BYTES, KeyStatistics, aligned
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.sizes.key_shares import present_keys
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

MAP_POINTERS_PER_PAGE = (BLOCK_BYTES - 24 - 8) // 6
_USUAL_PAGES_PER_RANGE = 128
_PAGE_BYTES = BLOCK_BYTES - 24 - 8
_HEADER_BYTES = 8
_MULTI_HEADER_BYTES = 20
_MULTI_VALUES = 32
_IN_ORDER_CORRELATION = 0.9
_KEPT_IN_ORDER = 0.5
_KEPT_OUT_OF_ORDER = 0.75
"""Between a half and all, by chance."""
_BLOOM_HEADER_BYTES = 16
_BLOOM_DISTINCT = -0.1
_BLOOM_LEAST_DISTINCT = 16
_BLOOM_FALSE_RATIO = 0.01
_MAX_ROWS_PER_PAGE = 291
_BLOOM_HASHES = 7
_COMPRESSED_FROM_BYTES = 508
"""``TOAST_INDEX_TARGET``."""
_WORTHWHILE_RATIO = 0.75
_COMPRESSED_HEADER_BYTES = 8
_LITERAL_BYTES, _MATCH_BYTES = 1 + 1 / 8, 3 + 1 / 8
_LONGEST_MATCH_BYTES, _SHORTEST_MATCH_BYTES = 273, 3
"""Of ``pg_lzcompress.c``, with the bit of control that each has."""


def pages_per_range(shape: IndexShape) -> int:
    """How many of the table's pages have a summary together."""
    return int(shape.options.get("pages_per_range", _USUAL_PAGES_PER_RANGE))


def map_pages(shape: IndexShape) -> int:
    """Pages that say where the summaries are; there is one in any case."""
    return max(math.ceil(_ranges(shape) / MAP_POINTERS_PER_PAGE), 1)


def brin_pages(shape: IndexShape) -> float:
    """Predict the pages of a BRIN index right after CREATE INDEX."""
    width = sum(_summary_bytes(key, shape) for key in shape.keys)
    entry = aligned(_HEADER_BYTES + width) + LINE_POINTER_BYTES
    per_page = max(_PAGE_BYTES // entry, 1)
    return 1 + map_pages(shape) + max(math.ceil(_ranges(shape) / per_page), 1)


def _ranges(shape: IndexShape) -> int:
    return math.ceil(shape.table_pages / pages_per_range(shape))


def _summary_bytes(key: KeyStatistics, shape: IndexShape) -> float:
    name = key.operator_class
    if name.endswith("bloom_ops"):
        size = _bloom_bytes(key, pages_per_range(shape))
        return min(size, _compressed_bytes(size, _values_in_a_range(key, shape)))
    if name.endswith("minmax_multi_ops"):
        return _multi_bytes(key, shape)
    if "inclusion" in name:
        return key.width_bytes + 2  # and whether there are values it cannot include, or empty ones
    return 2 * key.width_bytes


def _multi_bytes(key: KeyStatistics, shape: IndexShape) -> float:
    """Values are put together until there are few enough: those between the widest gaps.

    What is between two of them is kept as its ends, or once where it is a single value: as most
    of it is where rows are in the order of the values, so that all gaps are alike.
    """
    values = int(key.options.get("values_per_range", _MULTI_VALUES))
    rows = shape.rows / max(_ranges(shape), 1)
    kept = present_keys(key.shares, rows)
    if kept > values:
        kept = values * (_KEPT_IN_ORDER if _is_in_order(key) else _KEPT_OUT_OF_ORDER)
    return _MULTI_HEADER_BYTES + kept * key.width_bytes


def _bloom_bytes(key: KeyStatistics, range_pages: int) -> float:
    wanted = float(key.options.get("n_distinct_per_range", _BLOOM_DISTINCT))
    most = float(_MAX_ROWS_PER_PAGE * range_pages)
    distinct = min(-wanted * most if wanted < 0 else wanted, most)
    false_ratio = float(key.options.get("false_positive_rate", _BLOOM_FALSE_RATIO))
    bits = -max(distinct, _BLOOM_LEAST_DISTINCT) * math.log(false_ratio) / math.log(2) ** 2
    return _BLOOM_HEADER_BYTES + math.ceil(math.ceil(bits) / 8)


def _is_in_order(key: KeyStatistics) -> bool:
    """The rows are in the order of the values."""
    correlation = (key.values.correlation or 0.0) if key.values is not None else 0.0
    return abs(correlation) > _IN_ORDER_CORRELATION


def _values_in_a_range(key: KeyStatistics, shape: IndexShape) -> float:
    """How many distinct values there are in one range."""
    ranges = max(_ranges(shape), 1)
    if _is_in_order(key):
        return present_keys(key.shares, shape.rows) / ranges + 1
    return present_keys(key.shares, shape.rows / ranges)


def _compressed_bytes(size: float, values: float) -> float:
    """A filter in which few bits are set: bytes that are not zero, and matches between them."""
    if size <= _COMPRESSED_FROM_BYTES:
        return size
    used = -size * math.expm1(-_BLOOM_HASHES * values / size)
    gap = size / max(used, 1.0) - 1
    between = gap * _LITERAL_BYTES
    if gap >= _SHORTEST_MATCH_BYTES:
        between = math.ceil(gap / _LONGEST_MATCH_BYTES) * _MATCH_BYTES
    compressed = _COMPRESSED_HEADER_BYTES + max(used, 1.0) * (_LITERAL_BYTES + between)
    return compressed if compressed <= _WORTHWHILE_RATIO * size else size
