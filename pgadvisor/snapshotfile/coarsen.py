"""Numbers and moments made less exact, in such a way that their order stays.

A bound of a histogram is one row's value.  It moves towards zero (or into the past) to a round
value, by so much that about ``K_ROWS`` rows lie within what it may have been.  Any other number
or moment becomes the nearest of those round values below it, or one of two significant digits
(the start of its month) where that is nearer: it never says more than the histograms do.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeVar

from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.moments import DAY, HOUR, MICROSECONDS_PER_SECOND

K_ROWS = 50
"""A value that so many rows share says nothing of one of them."""
MIN_CELL_RATIO = 0.125
"""Of a histogram's bin: a bound is made inexact by this share of it at least."""
MAX_CELL_RATIO = 0.25
"""Of a histogram's range: a bound is made inexact by this share of it at most."""
SIGNIFICANT_DIGITS = 2

_N = TypeVar("_N", Decimal, int)

_MAX_CHARACTERS = 2_000
_MAX_EXPONENT = 300
_EXACT = Context(prec=_MAX_CHARACTERS + 2 * _MAX_EXPONENT)
_SHORT = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_DOWN)
_SECOND = MICROSECONDS_PER_SECOND
_MOMENT_STEPS = (
    *(1, 10, 100, 1_000, 10_000, 100_000, _SECOND, 10 * _SECOND, 60 * _SECOND, 600 * _SECOND),
    *(HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY, 365 * DAY, 3_650 * DAY),
)
_ENDLESS = frozenset({"nan", "infinity", "-infinity", "inf", "-inf"})


class NumberError(ValueError):
    """A text that is no number."""


def read_number(text: str) -> Decimal:
    """Read a finite number.

    Raises:
        NumberError: It is none, or one of an absurd length.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NumberError from None
    is_absurd = len(text) > _MAX_CHARACTERS or abs(number.adjusted()) > _MAX_EXPONENT
    if not number.is_finite() or is_absurd:
        raise NumberError
    return number


def write_number(number: Decimal) -> str:
    """Print a number without an exponent; there is no minus zero."""
    return f"{number or Decimal(0):f}"


def is_endless(text: str) -> bool:
    """Whether it is NaN or infinity, which are nobody's."""
    return text.strip().lower() in _ENDLESS


def significant_digits(number: Decimal) -> int:
    """Digits of a number without the zeros at either end."""
    digits = "".join(map(str, number.as_tuple().digits))
    return len(digits.strip("0"))


class Grid:
    """The round values that histograms still show; other values snap to them."""

    def __init__(self, numbers: Iterable[Decimal] = (), times: Iterable[int] = ()) -> None:
        self._numbers = sorted({abs(number) for number in numbers})
        self._times = sorted(set(times))

    def number(self, number: Decimal, *, is_integer: bool) -> Decimal:
        """A number of the same sign that is nearer to zero, and monotone in the number."""
        size = abs(number)
        place = bisect_right(self._numbers, size)
        below = self._numbers[place - 1] if place else Decimal(0)
        coarse = max(below, _shortened(size))
        if is_integer:
            coarse = coarse.to_integral_value(ROUND_DOWN)
        return -coarse if number < 0 else coarse

    def moment(self, kind: str, microseconds: int) -> int:
        """A moment before that, and monotone in the moment."""
        if kind == "interval":
            return int(_shortened(Decimal(microseconds)))
        if kind == "time":
            return microseconds - microseconds % HOUR
        place = bisect_right(self._times, microseconds)
        month = moments.start_of_month(microseconds)
        coarse = max(self._times[place - 1], month) if place else month
        return coarse - coarse % DAY if kind == "date" else coarse


def coarse_numbers(
    bounds: Sequence[Decimal], rows_per_bin: float, *, is_integer: bool
) -> list[Decimal]:
    """Make the bounds of a histogram of numbers inexact, equal or increasing."""
    cells = _cells([float(bound) for bound in bounds], rows_per_bin)
    is_shared = _fills_bins(bounds, rows_per_bin)
    found = []
    for bound, cell in zip(bounds, cells, strict=True):
        if cell == 0:
            coarse = bound if is_shared else _shortened(bound)
        else:
            step = _nice(cell)
            if is_integer:
                # A step such as 1.0 would give the bounds a point too.
                step = max(step.to_integral_value(ROUND_DOWN, _EXACT), Decimal(1))
            coarse = _EXACT.multiply(_EXACT.divide_int(bound, step), step)
        found.append(coarse)
    return _ascending(found)


def coarse_moments(bounds: Sequence[int], rows_per_bin: float, kind: str) -> list[int]:
    """Make the bounds of a histogram of moments inexact, equal or increasing."""
    least = DAY if kind == "date" else 1
    is_shared = _fills_bins(bounds, rows_per_bin)
    found = []
    for bound, cell in zip(bounds, _cells(bounds, rows_per_bin), strict=True):
        if cell == 0:
            found.append(bound if is_shared else Grid().moment(kind, bound))
            continue
        step = next((step for step in _MOMENT_STEPS if step >= cell), _MOMENT_STEPS[-1])
        found.append(bound - bound % max(step, least))
    return _ascending(found)


def _cells(bounds: Sequence[float], rows_per_bin: float) -> list[float]:
    """How wide the cell around each bound is in which about ``K_ROWS`` rows lie."""
    last = len(bounds) - 1
    if last < 1:
        return [0.0] * len(bounds)
    bins = min(max(K_ROWS / max(rows_per_bin, 1e-9), MIN_CELL_RATIO), float(last))
    reach = min(int(bins) + 1, last)
    widest = (bounds[last] - bounds[0]) * MAX_CELL_RATIO
    cells = []
    for place in range(last + 1):
        low, high = max(place - reach, 0), min(place + reach, last)
        width = (bounds[high] - bounds[low]) / (high - low) * bins
        cells.append(min(width, widest))
    return cells


def _fills_bins(bounds: Sequence[object], rows_per_bin: float) -> bool:
    """Whether so many rows share a value that fills a bin, from one bound to the next."""
    return len(bounds) > 1 and rows_per_bin >= K_ROWS


@lru_cache(maxsize=4096)
def _nice(width: float) -> Decimal:
    """The smallest of 1, 2 and 5 times a power of ten that is not below a width."""
    exact = Decimal(width)
    power = Decimal(1).scaleb(exact.adjusted(), _EXACT)
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= exact)


def _ascending(coarse: list[_N]) -> list[_N]:
    """Neighbours may have been rounded differently: no bound falls below the one before it."""
    for place in range(1, len(coarse)):
        coarse[place] = max(coarse[place - 1], coarse[place])
    return coarse


def _shortened(number: Decimal) -> Decimal:
    return _SHORT.plus(number)
