"""Times of calls in bounded memory: count, sum, extremes, and percentiles from a histogram."""

from __future__ import annotations

import math

from pgadvisor.model.log import Times

_BUCKETS_PER_OCTAVE = 16
"""A bucket ends at 1.044 times its beginning, so its middle is off by 2.2 % at most."""
_ZERO = -1_000


class Timing:
    """Adds up times, each in milliseconds."""

    __slots__ = ("buckets", "count", "max_ms", "min_ms", "total_ms")

    def __init__(self) -> None:
        self.count = 0
        self.total_ms = 0.0
        self.min_ms = math.inf
        self.max_ms = 0.0
        self.buckets: dict[int, int] = {}

    def add(self, time_ms: float) -> None:
        """Take one time."""
        self.count += 1
        self.total_ms += time_ms
        if time_ms > self.max_ms:  # noqa: PLR1730  (max() takes three times as long)
            self.max_ms = time_ms
        if time_ms < self.min_ms:  # noqa: PLR1730
            self.min_ms = time_ms
        place = int(math.log2(time_ms) * _BUCKETS_PER_OCTAVE + 1_000) if time_ms > 0 else _ZERO
        buckets = self.buckets
        buckets[place] = buckets.get(place, 0) + 1

    def percentile_ms(self, ratio: float) -> float:
        """The time that this share of the calls did not exceed, to 2.5 %; 0 for no calls."""
        wanted = math.ceil(self.count * ratio)
        seen = 0
        for place in sorted(self.buckets):
            seen += self.buckets[place]
            if seen >= wanted:
                middle = 2 ** ((place - 1_000 + 0.5) / _BUCKETS_PER_OCTAVE) if place >= 0 else 0.0
                return min(max(middle, self.min_ms), self.max_ms)
        return 0.0

    def times(self) -> Times:
        """What has been found."""
        return Times(
            count=self.count,
            total_ms=self.total_ms,
            min_ms=self.min_ms if self.count else 0.0,
            max_ms=self.max_ms,
            p50_ms=self.percentile_ms(0.5),
            p95_ms=self.percentile_ms(0.95),
            p99_ms=self.percentile_ms(0.99),
        )
