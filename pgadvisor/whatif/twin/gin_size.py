"""How large a GIN index will be: a list of rows for each distinct element of the values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.entry_width import LINE_POINTER_BYTES, aligned

_PAGE_BYTES = BLOCK_BYTES - 24 - 8
_ENTRY_HEADER_BYTES = 16
_ENTRY_FILL_RATIO = 0.5
"""Entries come in order, and a page that is full is split in the middle."""
_MAX_LIST_BYTES = 2_600
"""A longer list gets pages of its own."""
_OFFSETS_PER_PAGE = 2_048
"""By which a row pointer grows from one page of the table to the next, when it is compressed."""
_BITS_PER_BYTE = 7
_MAX_TRIGRAMS = 30_000.0
_TRIGRAM_GROWTH = 12.0
_BYTES_PER_JSON_ELEMENT = 10.0
_ROWS_PER_ELEMENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """The elements of all values of a column."""

    count: float
    """Of all rows together; one that a row holds twice counts once."""
    distinct: float


def counted_elements(statistics: ColumnStatistics, rows: float) -> Elements | None:
    """Of an array or a text search document, as ANALYZE has counted them; None: it has not."""
    common = statistics.most_common_element_ratios
    histogram = statistics.element_count_histogram
    if not common or not histogram:
        return None
    per_row = histogram[-1]  # the average follows the histogram
    # pg_stats lists the least, the greatest and the share of NULL after the elements' own.
    number = len(statistics.most_common_elements or common)
    ratios = common[:number]
    rest = max(per_row - sum(ratios), 0.0)
    rare = min(ratios) / 2
    others = rest / rare if rest > 0.01 * per_row and rare > 0 else 0.0
    return Elements(count=rows * per_row, distinct=max(min(number + others, rows * per_row), 1.0))


def trigrams(statistics: ColumnStatistics, rows: float) -> Elements:
    """Of a text for pg_trgm: about one for each byte; new ones get rare as texts go on."""
    count = rows * (statistics.average_width_bytes + 1)
    return Elements(count=count, distinct=min(_TRIGRAM_GROWTH * math.sqrt(count), _MAX_TRIGRAMS))


def guessed_elements(statistics: ColumnStatistics, rows: float) -> Elements:
    """Of anything else, jsonb above all, of which statistics know nothing but the width."""
    count = rows * max(statistics.average_width_bytes / _BYTES_PER_JSON_ELEMENT, 1.0)
    return Elements(count=count, distinct=max(count / _ROWS_PER_ELEMENT, 1.0))


def gin_pages(elements: Elements, rows: float, table_pages: int) -> float:
    """Predict the pages of a GIN index, its elements taken to be equally frequent."""
    distinct = max(elements.distinct, 1.0)
    rows_of_each = max(elements.count / distinct, 1.0)
    size = rows_of_each * _pointer_bytes(rows / rows_of_each, max(rows / max(table_pages, 1), 1.0))
    if size <= _MAX_LIST_BYTES:
        entry = aligned(_ENTRY_HEADER_BYTES + size) + LINE_POINTER_BYTES
        return 2 + max(distinct * entry / (_PAGE_BYTES * _ENTRY_FILL_RATIO), 1.0)
    entries = distinct * (_ENTRY_HEADER_BYTES + LINE_POINTER_BYTES)
    pages = math.ceil(size / _PAGE_BYTES)
    pages += 1 if pages > 1 else 0
    return 2 + math.ceil(entries / (_PAGE_BYTES * _ENTRY_FILL_RATIO)) + distinct * pages


def _pointer_bytes(gap_rows: float, rows_per_page: float) -> float:
    """A row pointer is kept as its distance to the one before, seven bits in a byte."""
    if gap_rows < rows_per_page:
        distance = max(gap_rows, 1.0)
        next_page = gap_rows / rows_per_page
    else:
        distance = gap_rows / rows_per_page * _OFFSETS_PER_PAGE
        next_page = 0.0
    size = math.ceil(math.log2(distance + 1) / _BITS_PER_BYTE)
    return (1 - next_page) * size + next_page * 2
