"""How wide the values of a column are, as an index keeps them, from those that ANALYZE kept."""

from __future__ import annotations

import re
from collections.abc import Callable

from pgadvisor.model.statistics import ColumnStatistics

SHORT_VARLENA_BYTES = 127
"""A shorter value has a length of one byte, and is not aligned."""
_NUMERIC = re.compile(r"-?(\d+)(?:\.(\d+))?")
_DIGITS_PER_GROUP = 4
_NO_DIGITS = "0000"
_TRUSTED_DEVIATION_RATIO = 0.15
_RANGE_SUFFIX = "range"


def sampled_widths(statistics: ColumnStatistics, type_name: str) -> tuple[tuple[int, float], ...]:
    """How wide the values of a column of variable width are, and how many of them are so wide.

    Empty where nothing is known, or where the kept values contradict the average width (as
    those of a redacted snapshot may).
    """
    if type_name.endswith(_RANGE_SUFFIX):  # two bounds, nearly always
        return ((statistics.average_width_bytes, 1.0),)
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
    return _MEASURES.get(type_name.split("(", 1)[0].strip())


def _variable(length: int) -> int:
    return length + (1 if length < SHORT_VARLENA_BYTES else 4)


def _text_bytes(value: str) -> int:
    return _variable(len(value.encode()))


def _bit_bytes(value: str) -> int:
    """Four bytes count the bits."""
    return _variable(4 + -(-len(value) // 8))


def _bytea_bytes(value: str) -> int:
    return _variable((len(value) - 2) // 2)


def _address_bytes(value: str) -> int:
    """Family, length of the mask, and four bytes or sixteen."""
    return _variable(2 + (16 if ":" in value else 4))


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


_MEASURES: dict[str, Callable[[str], int]] = {
    **dict.fromkeys(
        ("text", "character varying", "character", "bpchar", "varchar", "citext", "name"),
        _text_bytes,
    ),
    **dict.fromkeys(("bit", "bit varying"), _bit_bytes),
    **dict.fromkeys(("inet", "cidr"), _address_bytes),
    "bytea": _bytea_bytes,
    "numeric": _numeric_bytes,
}
