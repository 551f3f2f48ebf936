"""How many bytes an index entry takes, from what is known of its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgadvisor.model.statistics import ColumnStatistics

HEADER_BYTES = 8
LINE_POINTER_BYTES = 4
ROW_POINTER_BYTES = 6
_NULL_BITMAP_BYTES = 8
_ALIGNMENT_BYTES = 8
_SHORT_VARLENA_BYTES = 127
_NUMERIC = re.compile(r"-?(\d+)(?:\.(\d+))?")
_DIGITS_PER_GROUP = 4
_NO_DIGITS = "0000"
_TEXTS = frozenset({"text", "character varying", "character", "bpchar", "varchar", "citext"})
_TRUSTED_DEVIATION_RATIO = 0.15


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
    widths: tuple[tuple[int, float], ...] = ()
    """Of a type of variable width: how wide values are, and how many of them are so wide."""


def aligned(size: float, alignment_bytes: int = _ALIGNMENT_BYTES) -> float:
    """A size rounded up to a multiple."""
    return math.ceil(size / alignment_bytes) * alignment_bytes


def entry_bytes(columns: Sequence[KeyStatistics]) -> float:
    """The average size of an index tuple with one row pointer, without its line pointer."""
    any_null = 1 - math.prod(1 - column.null_ratio for column in columns)
    without = _tuple_bytes(HEADER_BYTES, columns, [1.0] * len(columns))
    if any_null <= 0:
        return without
    present = [1 - min(column.null_ratio / any_null, 1.0) for column in columns]
    with_null = _tuple_bytes(HEADER_BYTES + _NULL_BITMAP_BYTES, columns, present)
    return any_null * with_null + (1 - any_null) * without


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
        is_short = column.is_variable and own <= _SHORT_VARLENA_BYTES
        if not is_short and ratio > 0:
            size = aligned(size, column.alignment_bytes)
        size += own * ratio
    return size


def sampled_widths(statistics: ColumnStatistics, type_name: str) -> tuple[tuple[int, float], ...]:
    """How wide the values of a text or numeric column are, from those that ANALYZE kept.

    Empty where nothing is known, or where the kept values contradict the average width (as
    those of a redacted snapshot may).
    """
    measure = _measure_of(type_name)
    if measure is None:
        return ()
    common = statistics.most_common_values or ()
    ratios = statistics.most_common_ratios or ()
    bounds = statistics.histogram_bounds or ()
    widths: dict[int, float] = {}
    for value, ratio in zip(common, ratios, strict=False):
        widths[measure(value)] = widths.get(measure(value), 0.0) + ratio
    rest = max(1 - sum(ratios) - statistics.null_ratio, 0.0)
    for value in bounds:
        widths[measure(value)] = widths.get(measure(value), 0.0) + rest / len(bounds)
    total = sum(widths.values())
    if total <= 0:
        return ()
    mean = sum(width * weight for width, weight in widths.items()) / total
    if abs(mean - statistics.average_width_bytes) > _TRUSTED_DEVIATION_RATIO * mean + 1:
        return ()
    return tuple(sorted(widths.items()))


def _measure_of(type_name: str) -> Callable[[str], int] | None:
    name = type_name.split("(", 1)[0].strip()
    if name == "numeric":
        return _numeric_bytes
    return _text_bytes if name in _TEXTS else None


def _text_bytes(value: str) -> int:
    length = len(value.encode())
    return length + (1 if length < _SHORT_VARLENA_BYTES else 4)


def _numeric_bytes(value: str) -> int:
    """A byte of length, two of sign and scale, two for each group of four decimal digits."""
    match = _NUMERIC.fullmatch(value)
    if match is None:
        return 3
    whole, fraction = match[1], match[2] or ""
    digits = whole.rjust(_padded(whole), "0") + fraction.ljust(_padded(fraction), "0")
    groups = [
        digits[at : at + _DIGITS_PER_GROUP] for at in range(0, len(digits), _DIGITS_PER_GROUP)
    ]
    used = [number for number, group in enumerate(groups) if group != _NO_DIGITS]
    return 3 + 2 * (used[-1] - used[0] + 1 if used else 0)


def _padded(digits: str) -> int:
    return -(-len(digits) // _DIGITS_PER_GROUP) * _DIGITS_PER_GROUP
