"""Units of size and time: constants, and one way to print and to read each."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

KiB = 1024
"""Bytes in a kibibyte."""
MiB = 1024 * KiB
"""Bytes in a mebibyte."""
GiB = 1024 * MiB
"""Bytes in a gibibyte."""
TiB = 1024 * GiB
"""Bytes in a tebibyte."""

MS_PER_SECOND = 1000.0
SECONDS_PER_DAY = 86_400.0
MS_PER_DAY = MS_PER_SECOND * SECONDS_PER_DAY

_MAX_SIZE = 2**63
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$", re.IGNORECASE)
_SIZE_UNITS = {
    "": 1,
    "b": 1,
    "k": KiB,
    "kb": KiB,
    "kib": KiB,
    "m": MiB,
    "mb": MiB,
    "mib": MiB,
    "g": GiB,
    "gb": GiB,
    "gib": GiB,
    "t": TiB,
    "tb": TiB,
    "tib": TiB,
}
_TIME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$", re.IGNORECASE)
_TIME_UNITS_MS = {
    "ms": 1.0,
    "s": MS_PER_SECOND,
    "min": 60 * MS_PER_SECOND,
    "h": 3_600 * MS_PER_SECOND,
    "d": MS_PER_DAY,
}
_RATIO = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$")


def parse_size_bytes(text: str) -> int:
    """Read a size such as ``500MB`` or ``2 GiB``; as in PostgreSQL, ``kB`` is 1,024 bytes.

    Raises:
        ValueError: The text is not a number with a known unit, or more than any disk holds.
    """
    match = _SIZE.match(text)
    if match is None or match[2].lower() not in _SIZE_UNITS:
        raise ValueError(f"{text!r} is not a size; write a number and a unit, like 500MB or 2GiB")
    size = float(match[1]) * _SIZE_UNITS[match[2].lower()]
    if size > _MAX_SIZE:
        raise ValueError("such a size is larger than any disk")
    return int(size)


def parse_time_ms(text: str) -> float:
    """Read a duration such as ``30min`` or ``1.5 h``; the units are PostgreSQL's.

    Raises:
        ValueError: The text is not a number with a known unit, or is no time that ends.
    """
    match = _TIME.match(text)
    if match is None or match[2].lower() not in _TIME_UNITS_MS:
        raise ValueError(
            f"{text!r} is not a duration; write a number and one of ms, s, min, h and d, like 30min"
        )
    time_ms = float(match[1]) * _TIME_UNITS_MS[match[2].lower()]
    if time_ms == math.inf:
        raise ValueError("such a duration has no end")
    return time_ms


def parse_ratio(text: str) -> float:
    """Read a share of one, such as ``0.1`` or ``10%``.

    Raises:
        ValueError: The text is neither, or is a number above one that may mean either.
    """
    match = _RATIO.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a ratio; write one like 0.1, or a percentage like 10%")
    number = float(match[1])
    if match[2]:
        return number / 100
    if number > 1:
        raise ValueError(f"{text!r} may mean a percentage or a factor; write {text.strip()}%")
    return number


def format_size(size_bytes: float) -> str:
    """Print a size for people: ``8 kB``, ``1.5 MB``; the names are PostgreSQL's (1 kB = 1,024)."""
    size = float(size_bytes)
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(size) < KiB:
            return f"{size:.0f} {unit}" if unit in {"bytes", "kB"} else f"{_short(size)} {unit}"
        size /= KiB
    return f"{_short(size)} TB"


def format_ms(time_ms: float) -> str:
    """Print a duration for people: ``0.35 ms``, ``12 ms``, ``4.2 s``, ``3.1 min``, ``2.4 h``."""
    if math.isnan(time_ms):
        return "unknown"
    magnitude = abs(time_ms)
    for limit, divisor, unit in (
        (1_000, 1, "ms"),
        (120_000, 1_000, "s"),
        (7_200_000, 60_000, "min"),
        (48 * 3_600_000, 3_600_000, "h"),
    ):
        if magnitude < limit:
            return f"{_short(time_ms / divisor)} {unit}"
    return f"{_short(time_ms / MS_PER_DAY)} days"


def format_count(count: float) -> str:
    """Print a whole number with thousands separated: ``1,234,567``."""
    return f"{count:,.0f}"


def format_ratio(ratio: float) -> str:
    """Print a share of one as a percentage: ``0.25`` is ``25 %``."""
    percent = ratio * 100
    return f"{_short(percent)} %"


def format_moment(moment: datetime) -> str:
    """Print a moment to the minute, in UTC: ``2026-03-31 12:00 UTC``."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def format_limit(name: str, value: float) -> str:
    """Print a limit by the unit at the end of its name: ``min_size_bytes``, ``min_age_days``.

    Counts of whatever (``_rows``, ``_count``, ``_pages``) are printed as numbers.
    """
    if name.endswith("_bytes"):
        return format_size(value)
    if name.endswith("_ratio"):
        return format_ratio(value)
    if name.endswith("_ms"):
        return format_ms(value)
    if name.endswith("_days"):
        short = 0 < value < _SHORT_DAYS
        return f"{value * SECONDS_PER_DAY:.0f} seconds" if short else f"{value:g} days"
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


_SHORT_DAYS = 0.1


def _short(value: float) -> str:
    """Print two or three significant digits, and never an exponent."""
    magnitude = abs(value)
    if magnitude >= 100 or value == 0:  # noqa: PLR2004
        return f"{value:,.0f}"
    if magnitude >= 10:  # noqa: PLR2004
        return f"{value:.1f}".removesuffix(".0")
    if magnitude >= 0.01:  # noqa: PLR2004
        return f"{value:.2f}".removesuffix("0").removesuffix(".0")
    return f"{value:.4f}"
