"""How many bytes an index entry takes, from what is known of its columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.sizes.key_shares import Share
from pgadvisor.whatif.twin.sizes.value_widths import SHORT_VARLENA_BYTES

HEADER_BYTES = 8
LINE_POINTER_BYTES = 4
ROW_POINTER_BYTES = 6
_NULL_BITMAP_BYTES = 8
_ALIGNMENT_BYTES = 8
_REMEMBERED = 2_000
"""Lists of columns, among them those that other indexes of the same table begin with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyStatistics:
    """What is known of one column of an index.

    Each is equal to itself alone, so that what follows from it can be remembered by it.
    """

    width_bytes: float
    """Average, of the values that are not null."""
    alignment_bytes: int = 4
    is_variable: bool = False
    null_ratio: float = 0.0
    shares: tuple[Share, ...] = (Share(keys=1.0, mass=1.0),)
    """How the rows are spread over its values, NULL among them."""
    widths: tuple[tuple[int, float], ...] = ()
    """Of a type of variable width: how wide values are, and how many of them are so wide."""
    type_name: str = ""
    """Of what the index keeps, which may differ from the column's own."""
    operator_class: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the operator class."""
    is_known: bool = True
    """False: nothing is, or of a column that an expression is over."""
    values: ColumnStatistics | None = None
    """What ANALYZE found of the column; None: nothing."""


def aligned(size: float, alignment_bytes: int = _ALIGNMENT_BYTES) -> float:
    """A size rounded up to a multiple."""
    return math.ceil(size / alignment_bytes) * alignment_bytes


@lru_cache(maxsize=_REMEMBERED)
def entry_bytes(columns: tuple[KeyStatistics, ...]) -> float:
    """The average size of an index tuple with one row pointer, without its line pointer."""
    any_null = 1 - math.prod(1 - column.null_ratio for column in columns)
    without = _tuple_bytes(HEADER_BYTES, columns, [1.0] * len(columns))
    if any_null <= 0:
        return without
    present = [1 - min(column.null_ratio / any_null, 1.0) for column in columns]
    with_null = _tuple_bytes(HEADER_BYTES + _NULL_BITMAP_BYTES, columns, present)
    return any_null * with_null + (1 - any_null) * without


@lru_cache(maxsize=_REMEMBERED)
def entry_bytes_with(columns: tuple[KeyStatistics, ...], nulls: int) -> float:
    """The same of entries in which just these columns are NULL; bit n is the n-th column's."""
    if not nulls:
        return _tuple_bytes(HEADER_BYTES, columns, [1.0] * len(columns))
    present = [float(not nulls >> place & 1) for place in range(len(columns))]
    return _tuple_bytes(HEADER_BYTES + _NULL_BITMAP_BYTES, columns, present)


def is_uniform(columns: Sequence[KeyStatistics]) -> bool:
    """All entries have the same size."""
    return all(
        not column.null_ratio and (not column.is_variable or len(column.widths) == 1)
        for column in columns
    )


def _tuple_bytes(header: int, columns: Sequence[KeyStatistics], present: Sequence[float]) -> float:
    """Average over the widths of the column that varies; two of them average out by chance."""
    varying = [c for c in columns if c.is_variable and len(c.widths) != 1]
    if len(varying) == 1 and varying[0].widths:
        [column] = varying
        total = sum(weight for _, weight in column.widths)
        return sum(
            weight / total * aligned(header + _data_bytes(columns, present, column, width))
            for width, weight in column.widths
        )
    size = header + _data_bytes(columns, present)
    if not varying:
        return aligned(size)
    return size + (_ALIGNMENT_BYTES - 1) / 2


def _data_bytes(
    columns: Sequence[KeyStatistics],
    present: Sequence[float],
    varying: KeyStatistics | None = None,
    width: float = 0.0,
) -> float:
    size = 0.0
    for column, ratio in zip(columns, present, strict=True):
        own = width if column is varying else column.width_bytes
        is_short = column.is_variable and own <= SHORT_VARLENA_BYTES
        if not is_short and ratio > 0:
            size = aligned(size, column.alignment_bytes)
        size += own * ratio
    return size
