"""What ANALYZE's estimate of distinct values says about how many there are.

ANALYZE (``analyze.c``, and ``mvdistinct.c`` for combinations) counts the distinct values d in
its sample of n among N rows, and those f1 that it saw once, and takes Haas and Stokes's
estimator Duj1: n d / (n - f1 + f1 n / N).  That is right where all values have exactly the same
number of rows, and too low where they have not: by a fifth for five rows each on average that
are spread by chance, by a half where few values have most rows, by three quarters where the rows
of a value lie together: ANALYZE draws pages first, and of those rows, so that it sees a value
twice that it would not have seen at all.  So we look for the number of values for which the
estimator would have said what it did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pgadvisor.whatif.twin.sizes.key_shares import UNIQUE_KEYS, Share, split

ROWS_PER_TARGET = 300
"""ANALYZE samples so many rows for each unit of the statistics target."""
_UNIQUE_RATIO = 0.9995
_BINS = 20
_STEPS = 22
_MOST_SKEWED = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The rows that ANALYZE looked at."""

    rows: float
    """Of the table, at the time."""
    sampled: float
    """How many of them were looked at; if it was all of them, estimates are counts."""
    pages: float = 0.0
    """Of the table, where the rows of each value lie together; 0: they lie anywhere."""


def duj1(sample: Sample, *, distinct: float, once: float) -> float:
    """ANALYZE's estimate of all distinct values, by how many a sample has.

    Args:
        sample: How many rows there are, and how many were looked at.
        distinct: Values in the sample.
        once: Those of them that it has once.
    """
    size = sample.sampled
    return size * distinct / (size - once + once * size / sample.rows)


def estimated_distinct(shares: Iterable[Share], sample: Sample) -> float:
    """What ANALYZE would estimate, on average, of values that are spread like this."""
    values = ((share.keys, share.mass) for share in shares if not share.nulls)
    return _Seen().with_values(values, sample).estimate(sample)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a sample has of some values, on average."""

    distinct: float = 0.0
    once: float = 0.0
    mass: float = 0.0
    """Of all rows, those that hold one of these values."""

    def with_values(self, spread: Iterable[tuple[float, float]], sample: Sample) -> _Seen:
        """These and others: numbers of values, each with the part of the rows that they have."""
        distinct, once, total = self.distinct, self.once, self.mass
        for keys, mass in spread:
            seen, seen_once = _chances(mass / keys, sample)
            distinct += keys * seen
            once += keys * seen_once
            total += mass
        return _Seen(distinct, once, total)

    def estimate(self, sample: Sample) -> float:
        """Of all distinct values, if these are all that there are."""
        if self.mass <= 0:
            return 0.0
        looked_at = Sample(rows=sample.rows * self.mass, sampled=sample.sampled * self.mass)
        return duj1(looked_at, distinct=self.distinct, once=self.once)


def _chances(mass: float, sample: Sample) -> tuple[float, float]:
    """How likely a sample has a value of which so many of the rows are, and has it just once."""
    if sample.pages <= sample.sampled:  # a row of every page is looked at, or nobody knows better
        mean = sample.sampled * mass
        return -math.expm1(-mean), mean * math.exp(-mean)
    page_ratio = sample.sampled / sample.pages
    rows = sample.rows * mass
    runs = 1.0 + max(rows - 1.0, 0.0) * sample.pages / sample.rows
    mean = rows / runs * sample.pages / sample.rows  # of a run, if its page is looked at
    missed = 1.0 + page_ratio * math.expm1(-mean)
    return 1.0 - missed**runs, runs * page_ratio * mean * math.exp(-mean) * missed ** (runs - 1.0)


def spread_values(
    estimate: float, sample: Sample, common_ratios: Sequence[float], rest: float, *, is_cut: bool
) -> tuple[Share, ...]:
    """How the rows of a column are spread over its values, NULL left out.

    Args:
        estimate: Distinct values, as ANALYZE estimated them.
        sample: What it looked at.
        common_ratios: The parts that the most common values have.
        rest: The part that all other values have together.
        is_cut: The list of most common values is as long as it may be, so that those after
            them are likely to be common too; else the others are about equally likely.
    """
    common = [Share(keys=1.0, mass=ratio) for ratio in common_ratios]
    left = max(estimate - len(common), 1.0)
    if rest <= 0:
        return tuple(common)
    present = (rest + sum(common_ratios)) * sample.rows
    if estimate >= _UNIQUE_RATIO * present:
        return (*common, Share(keys=UNIQUE_KEYS, mass=rest))

    others = _Others(rest, common_ratios, is_cut=is_cut)
    # The common values stay the same, however many others there are.
    seen = _Seen().with_values(((1.0, ratio) for ratio in common_ratios), sample)
    keys = _solve(
        lambda keys: seen.with_values(others.spread(keys), sample).estimate(sample),
        estimate,
        left,
        present,
    )
    return (*common, *(Share(keys=number, mass=mass) for number, mass in others.spread(keys)))


def spread_combinations(
    shares: Sequence[Share], estimate: float, sample: Sample
) -> tuple[Share, ...]:
    """How rows are spread over combinations of columns, by ANALYZE's estimate of their number.

    Each value of the column that ``shares`` are of is taken to occur with equally many others.
    """
    if estimate >= _UNIQUE_RATIO * sample.rows:
        return split(shares, UNIQUE_KEYS)
    parts = _solve(
        lambda parts: estimated_distinct(split(shares, parts), sample), estimate, 1.0, sample.rows
    )
    return split(shares, parts)


class _Others:
    """All values but the most common: going on where those end, or equally likely.

    Args:
        rest: The part of the rows that they have together.
        common_ratios: The parts of the most common ones.
        is_cut: There may be common ones beyond those.
    """

    def __init__(self, rest: float, common_ratios: Sequence[float], *, is_cut: bool) -> None:
        self._rest = rest
        self._before = len(common_ratios)
        last = max(self._before // 10, 1)
        self._least = sum(common_ratios[-last:]) / last if is_cut else 0.0

    def spread(self, keys: float) -> Sequence[tuple[float, float]]:
        """So many of them: numbers of values, each with the part that they have."""
        if self._least * keys <= self._rest * 1.02:
            return ((keys, self._rest),)
        return _falling(keys, self._rest, self._least, self._before)


def falling_shares(keys: float, rest: float, start: float, before: int) -> tuple[Share, ...]:
    """Values that get rarer by a power of their rank, from a given part on (Zipf's law)."""
    spread = _falling(keys, rest, start, before)
    return tuple(Share(keys=number, mass=mass) for number, mass in spread)


def _falling(keys: float, rest: float, start: float, before: int) -> Sequence[tuple[float, float]]:
    """Bins whose edges are the same factor apart: values, and what they have together."""
    width = math.log1p(keys / before) / _BINS
    first = before * math.expm1(width)
    power = _power(first * start, width, rest)
    growth, fall = math.exp(width), math.exp(-power * width)
    number, ratio, total = first, math.exp(-power * width / 2), 0.0
    bins = []
    for _ in range(_BINS):
        bins.append((number, number * ratio))
        total += number * ratio
        number, ratio = number * growth, ratio * fall
    return [(number, mass * rest / total) for number, mass in bins]


def _power(first: float, width: float, rest: float) -> float:
    """The power of the rank by which values fall so that all bins together have the rest.

    Args:
        first: What the first bin would have if nothing fell in it.
        width: Of each bin, in logarithms of ranks.
        rest: The part of the rows.
    """
    low, high = 0.0, _MOST_SKEWED
    for _ in range(_STEPS):
        power = (low + high) / 2
        # Each bin has the same factor of the one before it: a geometric series.
        factor = (1 - power) * width
        bins = math.expm1(_BINS * factor) / math.expm1(factor) if factor else _BINS
        if first * math.exp(-power * width / 2) * bins > rest:
            low = power
        else:
            high = power
    return low


def _solve(estimated: Callable[[float], float], wanted: float, least: float, rows: float) -> float:
    """Find the number that leads to an estimate; the estimate grows with it."""
    low, high = math.log(least), math.log(max(rows * 1e3, least * 2))
    if estimated(least) >= wanted:
        return least
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if estimated(math.exp(middle)) < wanted:
            low = middle
        else:
            high = middle
    return math.exp(high)
