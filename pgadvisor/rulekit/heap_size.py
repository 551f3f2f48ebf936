"""What the rows of a table would take if they were written anew, from statistics.

The layout is that of ``heapam``: a page has a header of 24 bytes and 4 bytes a row beside the
row itself; a row has a header of 23 bytes and a bitmap of NULLs where it has one, is aligned to
8, and its columns to what their types ask for, but for short values of variable length, which
stand anywhere.  ``pg_stats.avg_width`` is the width as stored: compressed, and of a value that
was moved to the TOAST table its pointer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pgadvisor.model.schema import Column, Table
from pgadvisor.model.statistics import ColumnStatistics

_PAGE_HEADER_BYTES = 24
_LINE_POINTER_BYTES = 4
_ROW_HEADER_BYTES = 23
_ALIGNMENT_BYTES = 8
_MAX_SHORT_BYTES = 127
_BITS = 8
_FULL_PERCENT = 100.0


def packed_bytes(
    table: Table,
    statistics: Mapping[str, ColumnStatistics],
    rows: float,
    *,
    page_bytes: int = 8192,
) -> int:
    """Length of the table's main fork if so many rows were written one after the other.

    Args:
        table: Its columns and its fillfactor.
        statistics: Of its columns, by name; virtual columns need none.
        rows: How many.
        page_bytes: The server's block size.

    Raises:
        KeyError: A stored column has no statistics.
    """
    stored = [column for column in table.columns if column.generated != "v"]
    width = _row_bytes(stored, statistics) + _LINE_POINTER_BYTES
    fill_percent = float(table.option_values.get("fillfactor", _FULL_PERCENT))
    room = page_bytes * fill_percent / _FULL_PERCENT - _PAGE_HEADER_BYTES
    is_uniform = all(
        column.type_length_bytes > 0 and not statistics[column.name].null_ratio for column in stored
    )
    # Where rows differ, half of one is what the last of a page misses by, on average.
    per_page = room // width if is_uniform else room / width - 0.5
    return math.ceil(rows / max(per_page, 1.0)) * page_bytes


def _row_bytes(columns: list[Column], statistics: Mapping[str, ColumnStatistics]) -> float:
    no_null = math.prod(1 - statistics[column.name].null_ratio for column in columns)
    bitmap = math.ceil(len(columns) / _BITS)
    header = no_null * _aligned(_ROW_HEADER_BYTES)
    header += (1 - no_null) * _aligned(_ROW_HEADER_BYTES + bitmap)
    size, is_anywhere = 0.0, False
    for column in columns:
        known = statistics[column.name]
        is_variable = column.type_length_bytes < 0
        width = float(known.average_width_bytes if is_variable else column.type_length_bytes)
        alignment = column.type_alignment_bytes
        if is_variable and width < _MAX_SHORT_BYTES:
            is_anywhere = True
        elif is_anywhere:  # what stands before it ends anywhere
            size += (alignment - 1) / 2
            is_anywhere = is_variable
        else:
            size = _aligned(size, alignment)
            is_anywhere = is_variable
        is_anywhere = is_anywhere or known.null_ratio > 0
        size += width * (1 - known.null_ratio)
    return header + (size + (_ALIGNMENT_BYTES - 1) / 2 if is_anywhere else _aligned(size))


def _aligned(size: float, alignment_bytes: int = _ALIGNMENT_BYTES) -> float:
    return math.ceil(size / alignment_bytes) * alignment_bytes
