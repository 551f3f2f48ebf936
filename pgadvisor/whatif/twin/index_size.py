"""How large an index will be when it is built, from statistics.

The btree model follows PostgreSQL's own build (``nbtsort.c``, ``nbtdedup.c``): an entry is an
8-byte header with the key, aligned to 8, and a 4-byte line pointer; leaf pages are filled to
90 %, inner ones to 70 %.  Since version 13 equal keys share a posting list: one key and 6
bytes a row, in tuples of at most 812 bytes when built.  Whether a type may share is in the
catalog (an operator class with support function 4), and an index with INCLUDE never does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

BLOCK_BYTES = 8192
_USABLE_BYTES = BLOCK_BYTES - 24 - 16  # page header, btree's special space
_LINE_POINTER_BYTES = 4
_ROW_POINTER_BYTES = 6
_TUPLE_HEADER_BYTES = 8
_NULL_BITMAP_BYTES = 8
_MAX_POSTING_BYTES = 812
_LEAF_FILL = 0.9
_INNER_FILL = 0.7
_SHORT_VARLENA_BYTES = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatistics:
    """What is known of one column of an index."""

    width_bytes: float
    """Average, of the values that are not null."""
    alignment_bytes: int = 4
    is_variable: bool = False
    null_ratio: float = 0.0
    distinct_count: float = 1.0
    common_ratios: tuple[float, ...] = ()
    """Shares of the most common values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexShape:
    """What the size of an index depends on."""

    access_method: str
    rows: float
    """Rows that get an entry."""
    keys: tuple[KeyStatistics, ...]
    include: tuple[KeyStatistics, ...] = ()
    may_deduplicate: bool = True
    fill_ratio: float = _LEAF_FILL
    table_pages: int = 0


def index_size_bytes(shape: IndexShape) -> int:
    """Predict the length of an index's file right after CREATE INDEX.

    btree is modelled in full.  The others are rough: hash as 8-byte codes in pages that are
    three quarters full, BRIN as one summary per 128 pages of the table, GIN as a posting list
    per distinct value, GiST and SP-GiST as a btree without sharing at 70 % fill.
    """
    match shape.access_method:
        case "btree":
            pages = _btree_pages(shape)
        case "hash":
            pages = shape.rows * 20 / (_USABLE_BYTES * 0.75) + 2
        case "brin":
            pages = 3 + shape.table_pages / 128 * (24 + _row_width(shape) * 2) / _USABLE_BYTES
        case "gin":
            distinct = max((key.distinct_count for key in shape.keys), default=1.0)
            entries = distinct * (_row_width(shape) + 16)
            pages = 2 + (shape.rows * _ROW_POINTER_BYTES / 2 + entries) / _USABLE_BYTES
        case _:
            entry = _entry_bytes(shape) + _LINE_POINTER_BYTES
            pages = 1 + shape.rows * entry / (_USABLE_BYTES * 0.7)
    return max(math.ceil(pages), 1) * BLOCK_BYTES


def _btree_pages(shape: IndexShape) -> float:
    entry = _entry_bytes(shape)
    leaf_bytes = _leaf_bytes(shape, entry)
    # Each leaf keeps a copy of its upper bound, and the space that the fill factor leaves free.
    room = _USABLE_BYTES - (1 - shape.fill_ratio) * BLOCK_BYTES - entry - _LINE_POINTER_BYTES
    leaves = math.ceil(leaf_bytes / max(room, entry))
    pages, level = leaves, leaves
    fanout = max(_USABLE_BYTES * _INNER_FILL / (entry + _LINE_POINTER_BYTES), 2.0)
    while level > 1:
        level = math.ceil(level / fanout)
        pages += level
    return pages + 1  # the metapage


def _leaf_bytes(shape: IndexShape, entry: float) -> float:
    if not shape.may_deduplicate or shape.include:
        return shape.rows * (entry + _LINE_POINTER_BYTES)
    return sum(count * _group_bytes(rows, entry) for rows, count in _groups(shape.keys, shape.rows))


def _groups(keys: Sequence[KeyStatistics], rows: float) -> list[tuple[float, float]]:
    """How many rows share a key, and how many such keys there are.

    The most common values are groups of their own; the rest is taken to be even.  Of several
    columns the counts multiply, up to the number of rows.
    """
    if len(keys) > 1:
        distinct = min(math.prod(max(key.distinct_count, 1.0) for key in keys), rows)
        return [(rows / max(distinct, 1.0), distinct)]
    [key] = keys
    groups = [(ratio * rows, 1.0) for ratio in key.common_ratios]
    if key.null_ratio:
        groups.append((key.null_ratio * rows, 1.0))
    rest_rows = rows * max(1 - sum(key.common_ratios) - key.null_ratio, 0.0)
    rest_count = min(max(key.distinct_count - len(key.common_ratios), 1.0), max(rest_rows, 1.0))
    if rest_rows >= 1:
        groups.append((rest_rows / rest_count, rest_count))
    return groups


def _group_bytes(rows: float, entry: float) -> float:
    """Bytes that the rows of one key take on average, line pointers included.

    With 1.2 rows a key, four keys in five have one row and the fifth has two.
    """
    fewer = math.floor(rows)
    share = rows - fewer
    size = (1 - share) * _whole_group_bytes(fewer, entry)
    return size + share * _whole_group_bytes(fewer + 1, entry) if share else size


def _whole_group_bytes(rows: int, entry: float) -> float:
    single = entry + _LINE_POINTER_BYTES
    per_list = math.floor((_MAX_POSTING_BYTES - entry) / _ROW_POINTER_BYTES)
    if rows <= 1 or per_list < 2:  # noqa: PLR2004  (a list has two rows at least)
        return rows * single
    full, left = divmod(rows, per_list)
    size = full * (_aligned(entry + _ROW_POINTER_BYTES * per_list, 8) + _LINE_POINTER_BYTES)
    if left > 1:
        return size + _aligned(entry + _ROW_POINTER_BYTES * left, 8) + _LINE_POINTER_BYTES
    return size + left * single


def _entry_bytes(shape: IndexShape) -> float:
    """Average size of an index tuple with one row pointer, aligned to 8."""
    columns = (*shape.keys, *shape.include)
    has_nulls = 1 - math.prod(1 - column.null_ratio for column in columns)
    bitmap = has_nulls * _NULL_BITMAP_BYTES
    return _aligned(_TUPLE_HEADER_BYTES + bitmap + _row_width(shape), 8)


def _row_width(shape: IndexShape) -> float:
    width = 0.0
    for column in (*shape.keys, *shape.include):
        is_short = column.is_variable and column.width_bytes <= _SHORT_VARLENA_BYTES
        if not is_short:
            width = _aligned(width, column.alignment_bytes)
        width += column.width_bytes * (1 - column.null_ratio)
    return width


def _aligned(size: float, alignment_bytes: int) -> float:
    return math.ceil(size / alignment_bytes) * alignment_bytes
