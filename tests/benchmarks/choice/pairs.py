"""How many times as long something takes as before, from interleaved pairs of measurements."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2_000
CONFIDENCE_RATIO = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """After over before, with a confidence interval of 95 %."""

    estimate: float
    low: float
    high: float


def paired_ratio(before: Sequence[float], after: Sequence[float], seed: int = 0) -> Ratio:
    """The Hodges-Lehmann estimate of the pairs' ratios, with a bootstrap confidence interval.

    One wild measurement among ten moves it little, and so does a load that strikes both of a pair.

    Args:
        before: One measurement of each pair.
        after: The other one.
        seed: Of the resampling.
    """
    logs = [math.log(new / old) for old, new in zip(before, after, strict=True)]
    chance = random.Random(seed)
    drawn = sorted(hodges_lehmann(chance.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    return _interval(hodges_lehmann(logs), drawn)


def mean_ratio(ratios: Sequence[Ratio]) -> float:
    """The geometric mean of their estimates."""
    return math.exp(statistics.fmean(math.log(one.estimate) for one in ratios))


def hodges_lehmann(values: Sequence[float]) -> float:
    """The median of the means of all pairs, each value with itself among them."""
    pairs = itertools.combinations_with_replacement(values, 2)
    return statistics.median((one + other) / 2 for one, other in pairs)


def _interval(estimate: float, drawn: Sequence[float]) -> Ratio:
    outside = round(len(drawn) * (1 - CONFIDENCE_RATIO) / 2)
    low, high = drawn[outside], drawn[-1 - outside]
    return Ratio(estimate=math.exp(estimate), low=math.exp(low), high=math.exp(high))
