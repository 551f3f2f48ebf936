"""How the values of a column are spread, as ANALYZE with its default target would describe it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Protocol

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import COLLECTED_AT

TARGET = 100
"""``default_statistics_target``: so many most-common values and histogram buckets."""
_SAMPLE_ROWS = 300 * TARGET
_EXACT_TERMS = 1_000
_SYLLABLES = ("ba", "co", "de", "fi", "ga", "ho", "ju", "ka", "le", "mi", "no", "pe", "ro", "su")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a distribution needs to know of where its column is."""

    relation_oid: int
    column: str
    rows: int
    rng: Random
    tenants: int = 1
    referenced_rows: int = 0
    """Of the table that the column refers to."""


class Distribution(Protocol):
    """Says what ANALYZE would find in a column."""

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """The row of ``pg_stats``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A surrogate key out of a sequence."""

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Unique, evenly spread, in the order of the rows."""
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=8,
            n_distinct=-1.0,
            histogram_bounds=_integers(facts.rows),
            correlation=round(facts.rng.uniform(0.97, 1.0), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Keys of another table, some of them much more often than others."""

    exponent: float = 0.6
    correlation: float = 0.1
    null_ratio: float = 0.0
    coverage: float = 0.9
    """Share of the other table's rows that are referred to."""
    highest: int = 0
    """Where no foreign key says what is referred to, how many there are of it."""

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Zipf's law over the other table's keys."""
        here = max(1, round(facts.rows * (1 - self.null_ratio)))
        highest = facts.referenced_rows or self.highest
        distinct = max(1, min(round(highest * self.coverage), here))
        ratios = _common_ratios(distinct, self.exponent, 1 - self.null_ratio)
        keys = range(1, highest + 1)
        values = facts.rng.sample(keys, len(ratios))
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=8,
            n_distinct=_n_distinct(distinct, facts.rows),
            most_common_values=tuple(map(str, values)) or None,
            most_common_ratios=ratios or None,
            histogram_bounds=_integers(highest) if distinct > len(ratios) else None,
            correlation=self.correlation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The tenant that a row belongs to: few have most of the rows."""

    exponent: float = 1.1

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Zipf's law over all tenants, the oldest of them the largest."""
        ratios = _common_ratios(facts.tenants, self.exponent)
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=4,
            n_distinct=_n_distinct(facts.tenants, facts.rows),
            most_common_values=tuple(str(number) for number in range(1, len(ratios) + 1)),
            most_common_ratios=ratios,
            histogram_bounds=_integers(facts.tenants) if facts.tenants > len(ratios) else None,
            correlation=round(facts.rng.uniform(0.02, 0.3), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One of a few words, the first of them the most frequent."""

    words: tuple[str, ...]
    exponent: float = 1.5
    null_ratio: float = 0.0
    ratios: tuple[float, ...] = ()
    """Of the words; empty: Zipf's law."""

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """All of them are most-common values."""
        ratios = self.ratios or _zipf(len(self.words), self.exponent, len(self.words))
        kept = tuple(round(ratio * (1 - self.null_ratio), 6) for ratio in ratios)
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=1 + round(sum(map(len, self.words)) / len(self.words)),
            n_distinct=float(len(self.words)),
            most_common_values=self.words,
            most_common_ratios=kept,
            correlation=round(facts.rng.uniform(0.3, 0.8), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """True or false."""

    true_ratio: float = 0.9

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Both are most-common values."""
        pairs = sorted((("t", self.true_ratio), ("f", 1 - self.true_ratio)), key=lambda p: -p[1])
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=1,
            n_distinct=2.0,
            most_common_values=tuple(value for value, _ in pairs),
            most_common_ratios=tuple(round(ratio, 6) for _, ratio in pairs),
            correlation=round(facts.rng.uniform(0.6, 0.9), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Points in time, more of them lately than long ago."""

    correlation: float = 0.99
    null_ratio: float = 0.0
    days: float = 900.0
    """How far back they reach."""
    days_ahead: float = 0.0

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Hardly two rows have the same."""
        bounds = (
            COLLECTED_AT + timedelta(days=self.days_ahead - self.days * (1 - math.sqrt(i / TARGET)))
            for i in range(TARGET + 1)
        )
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=8,
            n_distinct=round(self.null_ratio - 1.0, 6),
            histogram_bounds=tuple(f"{bound:%Y-%m-%d %H:%M:%S}+00" for bound in bounds),
            correlation=self.correlation,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueText:
    """A text that no two rows share: an address, a token, a number of an order."""

    form: str = "{}"
    """With ``{}`` for what differs."""
    null_ratio: float = 0.0

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Only a histogram."""
        bounds = sorted(self.form.format(_name(facts.rng, 4)) for _ in range(TARGET + 1))
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=len(self.form) + 8,
            n_distinct=round(self.null_ratio - 1.0, 6),
            histogram_bounds=tuple(bounds),
            correlation=round(facts.rng.uniform(-0.02, 0.02), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Texts that recur: names, cities, subjects."""

    distinct: int = 5_000
    exponent: float = 0.9
    null_ratio: float = 0.0

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Some most-common values, and a histogram of the others."""
        distinct = max(2, min(self.distinct, facts.rows // 2))
        ratios = _common_ratios(distinct, self.exponent, 1 - self.null_ratio)
        common = dict.fromkeys(_name(facts.rng, 3) for _ in range(len(ratios)))
        bounds = {_name(facts.rng, 4) for _ in range(TARGET + 1)} - set(common)
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=11,
            n_distinct=_n_distinct(distinct, facts.rows),
            most_common_values=tuple(common) or None,
            most_common_ratios=ratios[: len(common)] or None,
            histogram_bounds=tuple(sorted(bounds)) if distinct > len(ratios) else None,
            correlation=round(facts.rng.uniform(-0.05, 0.1), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Sums of money and measures: log-normal, round ones more often."""

    median: float = 50.0
    sigma: float = 1.2

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """A few round amounts are common."""
        normal = sorted(facts.rng.gauss(0.0, self.sigma) for _ in range(TARGET + 1))
        bounds = dict.fromkeys(f"{self.median * math.exp(each):.2f}" for each in normal)
        common = tuple(f"{self.median * factor:.2f}" for factor in (1, 2, 0.5, 4, 0.2))
        distinct = max(20, min(20_000, facts.rows // 3))
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=6,
            n_distinct=_n_distinct(distinct, facts.rows),
            most_common_values=common,
            most_common_ratios=(0.03, 0.02, 0.015, 0.01, 0.006),
            histogram_bounds=tuple(bound for bound in bounds if bound not in common),
            correlation=round(facts.rng.uniform(-0.05, 0.05), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Small whole numbers from a lowest one on."""

    lowest: int = 0
    distinct: int = 8
    exponent: float = 1.8

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """All of them are most-common values."""
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=4,
            n_distinct=float(self.distinct),
            most_common_values=tuple(str(self.lowest + i) for i in range(self.distinct)),
            most_common_ratios=_zipf(self.distinct, self.exponent, self.distinct),
            correlation=round(facts.rng.uniform(0.2, 0.6), 4),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Wide values that are read and written, and never compared."""

    width_bytes: int = 300
    null_ratio: float = 0.0

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Values of a kilobyte and more are in no histogram; here it is all of them."""
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            null_ratio=self.null_ratio,
            average_width_bytes=self.width_bytes,
            n_distinct=round((self.null_ratio - 1.0) * 0.95, 6),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Arrays of a few words out of a vocabulary."""

    vocabulary: int = 300
    mean_length: float = 3.0

    def statistics(self, facts: Facts) -> ColumnStatistics:
        """Statistics of the elements; arrays as a whole seldom recur."""
        words = sorted({_name(facts.rng, 2) for _ in range(min(self.vocabulary, TARGET * 2))})
        ratios = _zipf(len(words), 0.9, len(words))
        shares = [round(min(0.6, ratio * self.mean_length), 6) for ratio in ratios]
        facts.rng.shuffle(shares)
        counts = [float(min(1 + i // 20, 9)) for i in range(TARGET + 1)]
        return ColumnStatistics(
            relation_oid=facts.relation_oid,
            column=facts.column,
            average_width_bytes=round(24 + 9 * self.mean_length),
            n_distinct=-0.4,
            most_common_elements=tuple(words),
            most_common_element_ratios=(*shares, min(shares), max(shares), 0.0),
            element_count_histogram=(*counts, self.mean_length),
            correlation=0.01,
        )


def _integers(highest: int) -> tuple[str, ...]:
    steps = min(TARGET, max(highest - 1, 1))
    bounds = dict.fromkeys(1 + (highest - 1) * i // steps for i in range(steps + 1))
    return tuple(map(str, bounds))


def _n_distinct(distinct: int, rows: int) -> float:
    """As ANALYZE writes it: a share of the rows where it grows with them."""
    return -round(distinct / rows, 6) if distinct > rows / 10 else float(distinct)


def _common_ratios(distinct: int, exponent: float, total: float = 1.0) -> tuple[float, ...]:
    """Shares of the values that ANALYZE calls common: clearly above average, seen in its sample."""
    ratios = _zipf(distinct, exponent, min(distinct, TARGET))
    if distinct <= TARGET:
        return tuple(round(ratio * total, 7) for ratio in ratios)
    least = max(1.25 / distinct, 4 / _SAMPLE_ROWS)
    return tuple(round(ratio * total, 7) for ratio in ratios if ratio > least)


def _zipf(distinct: int, exponent: float, count: int) -> tuple[float, ...]:
    """The shares of the first so many of all values by Zipf's law."""
    weights: Sequence[float] = [k**-exponent for k in range(1, min(distinct, _EXACT_TERMS) + 1)]
    total = sum(weights)
    if distinct > _EXACT_TERMS:
        total += _tail(_EXACT_TERMS + 0.5, distinct + 0.5, exponent)
    return tuple(round(weight / total, 8) for weight in weights[:count])


def _tail(low: float, high: float, exponent: float) -> float:
    """The integral of ``x ** -exponent``: what the sum of that many terms comes to."""
    if math.isclose(exponent, 1.0):
        return math.log(high / low)
    return float((high ** (1 - exponent) - low ** (1 - exponent)) / (1 - exponent))


def _name(rng: Random, syllables: int) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(syllables))
