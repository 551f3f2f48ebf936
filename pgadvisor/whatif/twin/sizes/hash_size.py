"""How large a hash index will be: buckets for its rows, and pages that hold what overflows.

After ``hashpage.c`` and ``hashovfl.c``.  Buckets are made at once for all rows of the table; a
bucket whose rows do not fit on its page goes on elsewhere, which happens where keys have many
rows.
"""

from __future__ import annotations

import math

from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_ENTRY_BYTES = 20
_ROWS_PER_PAGE = (BLOCK_BYTES - 24 - 16) // _ENTRY_BYTES
_USUAL_FILL_RATIO = 0.75
_WHOLE_DOUBLINGS = 9
"""Up to so many buckets come in powers of two, and from there on in quarters of them."""
_MOST_PAGES = 12
_OWN_ROWS = 100.0
"""A key with more rows than these is looked at by itself."""


def hash_pages(shape: IndexShape) -> float:
    """Predict the pages of a hash index right after CREATE INDEX."""
    buckets = _buckets(shape)
    # A metapage and a bitmap of the pages that overflow.
    return 2 + buckets + _overflow(shape, buckets)


def _buckets(shape: IndexShape) -> float:
    fill = float(shape.options.get("fillfactor", 100 * _USUAL_FILL_RATIO)) / 100
    rows_per_bucket = max(int(BLOCK_BYTES * fill) // _ENTRY_BYTES, 10)
    wanted = max(max(shape.table_rows, shape.rows) / rows_per_bucket, 2.0)
    doublings = math.ceil(math.log2(wanted))
    buckets = 2.0**doublings
    if doublings > _WHOLE_DOUBLINGS:
        step = buckets / 8
        buckets = math.ceil(wanted / step) * step
    return buckets


def _overflow(shape: IndexShape, buckets: float) -> float:
    """Pages beyond the first of each bucket; which keys meet in one is left to chance."""
    mean = variance = 0.0
    heavy: list[tuple[float, float]] = []
    for share in shape.keys[0].shares:
        rows = shape.rows * share.mass / share.keys
        if share.nulls:
            continue
        if rows > _OWN_ROWS:
            heavy.append((share.keys, rows))
            continue
        mean += share.keys * rows / buckets
        variance += share.keys * (rows * rows + rows) / buckets
    pages = 0.0
    for keys, rows in heavy:
        if keys > buckets:  # several in each bucket
            mean += keys * rows / buckets
            variance += keys * rows * rows / buckets
    others = max(buckets - sum(keys for keys, _ in heavy if keys <= buckets), 0.0)
    for keys, rows in heavy:
        if keys <= buckets:
            pages += keys * _further_pages(rows + mean, variance)
    return pages + others * _further_pages(mean, variance)


def _further_pages(mean: float, variance: float) -> float:
    """How many pages a bucket has beyond its first, on average."""
    whole = max(int(mean / _ROWS_PER_PAGE) - _MOST_PAGES, 0)
    deviation = math.sqrt(max(variance, 1e-9) * 2)
    return whole + sum(
        0.5 * math.erfc((_ROWS_PER_PAGE * number - mean) / deviation)
        for number in range(whole + 1, whole + 2 * _MOST_PAGES)
    )
