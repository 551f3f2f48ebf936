"""The choices that there are for some parameters of a statement, each with its weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pgadvisor.model.sensitivity import ValueClass

MAX_SAMPLES = 12
"""Of one statement, so many combinations of its parameters' values are planned at most."""
_LEAST_RATIO = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """A class of values with one that stands for all of it."""

    value_class: ValueClass
    weight: float
    """Its share of the calls, as far as these parameters go; those of an axis sum to one."""
    values: tuple[tuple[int, str], ...]
    """SQL literals by parameter; a parameter without one stays unknown."""

    @property
    def size(self) -> float:
        """By which strata are told apart: the share of the rows that it brings."""
        return max(self.value_class.high_ratio, _LEAST_RATIO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Parameters that get their values together, independently of all others."""

    strata: tuple[Stratum, ...]

    @property
    def parameters(self) -> frozenset[int]:
        """The parameters that get a value in one of its strata."""
        return frozenset(number for stratum in self.strata for number, _ in stratum.values)


def scaled(strata: Sequence[Stratum]) -> tuple[Stratum, ...]:
    """Let the weights sum to one."""
    total = math.fsum(stratum.weight for stratum in strata)
    if total <= 0:
        return tuple(replace(stratum, weight=1 / len(strata)) for stratum in strata)
    return tuple(replace(stratum, weight=stratum.weight / total) for stratum in strata)


def narrowed(axes: Sequence[Axis], limit: int = MAX_SAMPLES) -> tuple[Axis, ...]:
    """Put together the strata that differ least until no more combinations than that are left.

    Args:
        axes: What may be combined freely.
        limit: Combinations, one at least.
    """
    found = [list(sorted_strata(axis.strata)) for axis in axes]
    while math.prod(len(strata) for strata in found) > limit:
        pairs = [
            (_distance(first, second), place, at)
            for place, strata in enumerate(found)
            for at, (first, second) in enumerate(pairwise(strata))
        ]
        _, place, at = min(pairs)
        found[place][at : at + 2] = [merged(found[place][at], found[place][at + 1])]
    return tuple(Axis(strata=tuple(strata)) for strata in found)


def sorted_strata(strata: Sequence[Stratum]) -> tuple[Stratum, ...]:
    """The one that brings most rows first."""
    return tuple(sorted(strata, key=lambda stratum: -stratum.size))


def merged(first: Stratum, second: Stratum) -> Stratum:
    """Let the heavier of two strata stand for both."""
    kept, other = (first, second) if first.weight >= second.weight else (second, first)
    weight = first.weight + second.weight
    one, two = kept.value_class, other.value_class
    if one.kind is not two.kind:
        return replace(kept, weight=weight)
    return replace(kept, weight=weight, value_class=one.joined(two))


def _distance(first: Stratum, second: Stratum) -> float:
    return abs(math.log(first.size / second.size))
