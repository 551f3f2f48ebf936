"""Statistics of an expression that joins the values of several columns into one text.

How many values it has follows from how many its columns have; which are common, and in what
order they stand, does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pgadvisor.model.statistics import ColumnStatistics

_VARLENA_HEADER_BYTES = 4
_SHARE_BEYOND_WHICH_DISTINCT_GROWS = 0.1
"""From this share of the rows on, ANALYZE takes the distinct values to grow with the table."""


def statistics_of_joined(
    columns: Mapping[str, ColumnStatistics], null_shows: frozenset[str], rows: float
) -> ColumnStatistics:
    """Tell what can be told: the share of NULL, the width, and the number of values.

    The columns are taken to be independent of each other.

    Args:
        columns: Statistics of at least one column, by its name.
        null_shows: Columns that make the expression NULL where they are.
        rows: Of the table.
    """
    present = math.prod(1 - row.null_ratio for name, row in columns.items() if name in null_shows)
    counts = [row.distinct_count(rows) for row in columns.values()]
    combinations = math.prod(counts)
    by_chance = -combinations * math.expm1(-rows * present / combinations)
    count = max(min(max(by_chance, *counts), rows * present), 1.0)
    grows = rows > 0 and count > _SHARE_BEYOND_WHICH_DISTINCT_GROWS * rows
    width = sum(row.average_width_bytes for row in columns.values())
    return ColumnStatistics(
        relation_oid=0,
        column="",
        null_ratio=1 - present,
        average_width_bytes=width + _VARLENA_HEADER_BYTES,
        n_distinct=-min(count / rows, 1.0) if grows else float(round(count)),
    )
