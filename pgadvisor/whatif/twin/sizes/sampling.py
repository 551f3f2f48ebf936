"""What ANALYZE's estimate of distinct values says about how many there are.

ANALYZE (``analyze.c``, and ``mvdistinct.c`` for combinations) counts the distinct values d in
its sample of n among N rows, and those f1 that it saw once, and takes Haas and Stokes's
estimator Duj1: n d / (n - f1 + f1 n / N).  That is right where all values have exactly the same
number of rows, and too low where they have not: by a fifth for five rows each on average that
are spread by chance, by a half where few values have most rows.  So we look for the number of
values for which the estimator would have said what it did.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

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


def duj1(sample: Sample, *, distinct: float, once: float) -> float:
    """ANALYZE's estimate of all distinct values, by how many a sample has.

    Args:
        sample: How many rows there are, and how many were looked at.
        distinct: Values in the sample.
        once: Those of them that it has once.
    """
    size = sample.sampled
    return size * distinct / (size - once + once * size / sample.rows)


def estimated_distinct(shares: Sequence[Share], sample: Sample) -> float:
    """What ANALYZE would estimate, on average, of values that are spread like this."""
    distinct = once = present = 0.0
    for share in shares:
        if share.nulls:
            continue
        mean = sample.sampled * share.mass / share.keys
        distinct -= share.keys * math.expm1(-mean)
        once += share.keys * mean * math.exp(-mean)
        present += share.mass
    if present <= 0:
        return 0.0
    looked_at = Sample(rows=sample.rows * present, sampled=sample.sampled * present)
    return duj1(looked_at, distinct=distinct, once=once)


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

    def trial(keys: float) -> tuple[Share, ...]:
        return (*common, *_rest(keys, rest, common_ratios, is_cut=is_cut))

    keys = _solve(lambda keys: estimated_distinct(trial(keys), sample), estimate, left, present)
    return trial(keys)


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


def _rest(
    keys: float, rest: float, common_ratios: Sequence[float], *, is_cut: bool
) -> tuple[Share, ...]:
    """All values but the most common: going on where those end, or equally likely."""
    if not is_cut or not common_ratios:
        return (Share(keys=keys, mass=rest),)
    last = max(len(common_ratios) // 10, 1)
    least = sum(common_ratios[-last:]) / last
    if least * keys <= rest * 1.02:
        return (Share(keys=keys, mass=rest),)
    return falling_shares(keys, rest, least, len(common_ratios))


def falling_shares(keys: float, rest: float, start: float, before: int) -> tuple[Share, ...]:
    """Values that get rarer by a power of their rank, from a given part on (Zipf's law)."""
    growth = ((before + keys) / before) ** (1 / _BINS)
    edges = [before * growth**step for step in range(_BINS + 1)]
    ranks = [
        (high - low, math.log(math.sqrt(low * high) / before)) for low, high in pairwise(edges)
    ]
    low, high = 0.0, _MOST_SKEWED
    for _ in range(_STEPS):
        power = (low + high) / 2
        if sum(size * math.exp(-power * rank) for size, rank in ranks) * start > rest:
            low = power
        else:
            high = power
    masses = [size * start * math.exp(-low * rank) for size, rank in ranks]
    scale = rest / sum(masses)
    return tuple(
        Share(keys=size, mass=mass * scale) for (size, _), mass in zip(ranks, masses, strict=True)
    )


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
