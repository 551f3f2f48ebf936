"""The axis of a picture: its unit, and ticks at round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pgadvisor.units import GiB, KiB, MiB, TiB

_STEPS = (1.0, 2.0, 5.0, 10.0)
_SIZES = ((1.0, "bytes"), (KiB, "kB"), (MiB, "MB"), (GiB, "GB"), (TiB, "TB"))
_TIMES_MS = (
    (1.0, "ms"),
    (1_000.0, "s"),
    (60_000.0, "min"),
    (3_600_000.0, "h"),
    (86_400_000.0, "days"),
)
_COUNTS = ((1.0, ""), (1e3, "thousands"), (1e6, "millions"), (1e9, "billions"), (1e12, "trillions"))
_FINENESS = 0.75
"""A step may be as much smaller than wanted."""
_ROUNDING = 1e-9
_LEAST = 2.0
"""A unit is taken from as many of it on: 90 s rather than 1.5 min."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark with its number."""

    value: float
    """In the base unit: bytes, milliseconds, ones."""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From zero to the last tick, or beyond it."""

    unit: str
    """``MB``, ``min``, ``millions``; empty: ones."""
    end: float
    """In the base unit."""
    ticks: tuple[Tick, ...]


def size_axis(greatest: float, count: int) -> Axis:
    """An axis of bytes; see ``_axis``."""
    return _axis(greatest, count, _SIZES)


def time_axis(greatest: float, count: int) -> Axis:
    """An axis of milliseconds; see ``_axis``."""
    return _axis(greatest, count, _TIMES_MS)


def count_axis(greatest: float, count: int) -> Axis:
    """An axis of numbers; see ``_axis``."""
    return _axis(greatest, count, _COUNTS)


def _axis(greatest: float, count: int, units: tuple[tuple[float, str], ...]) -> Axis:
    """Divide an axis into about as many steps of 1, 2 or 5 times a power of ten.

    Args:
        greatest: What has to fit on it, in the base unit; above zero.
        count: How many steps are wanted.
        units: Names and sizes, the smallest first.
    """
    size, name = next((u for u in reversed(units) if greatest >= _LEAST * u[0]), units[0])
    wanted = greatest / size / count
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(s * power for s in _STEPS if s * power >= wanted * _FINENESS)
    steps = math.ceil(greatest / size / step * (1 - _ROUNDING))
    digits = max(-math.floor(math.log10(step)), 0)
    ticks = tuple(
        Tick(value=n * step * size, label=f"{n * step:,.{digits}f}") for n in range(steps + 1)
    )
    return Axis(unit=name, end=steps * step * size, ticks=ticks)
