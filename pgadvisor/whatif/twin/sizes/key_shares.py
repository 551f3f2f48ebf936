"""How rows are spread over the values of a column, and over combinations of several.

A few groups of values say it: so many values hold that part of the rows together, each of them
equally likely.  Which row holds which of them is left to chance, so that the rows of a value
follow Poisson's law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

UNIQUE_KEYS = 1e15
"""So many values that no two rows ever share one."""
_CERTAIN_ROWS_PER_KEY = 60.0
"""From here on the rows of a value vary too little to matter."""
ALONE_ROWS_PER_KEY = 1e-3
"""Up to here rows are taken to be alone."""
_COUNTED_ROWS_PER_KEY = 12.0
"""Up to here each number of rows is counted, and from there on three stand for all."""
_STEPS_PER_OCTAVE = 2
_FEW = 3
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Values, or combinations of values, that are equally likely."""

    keys: float
    """How many there are."""
    mass: float
    """The part of the rows that holds one of them, all of them together."""
    nulls: int = 0
    """Bit n is set where the n-th column is NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGroup:
    """Values that have the same number of rows."""

    keys: float
    rows: float
    """Of each of these values."""
    nulls: int = 0


def equal_shares(
    distinct: float, *, null_ratio: float = 0.0, common_ratios: Sequence[float] = ()
) -> tuple[Share, ...]:
    """So many values, the most common ones with their own part, the others equally likely."""
    shares = [Share(keys=1.0, mass=ratio) for ratio in common_ratios]
    rest = 1 - null_ratio - sum(common_ratios)
    if rest > _NEGLIGIBLE:
        shares.append(Share(keys=max(distinct - len(shares), 1.0), mass=rest))
    return with_nulls(shares, null_ratio)


def with_nulls(shares: Iterable[Share], null_ratio: float) -> tuple[Share, ...]:
    """Add NULL, which an index keeps like one more value."""
    found = tuple(shares)
    return (Share(keys=1.0, mass=null_ratio, nulls=1), *found) if null_ratio > 0 else found


def present_keys(shares: Iterable[Share], rows: float) -> float:
    """How many of the values turn up among so many rows."""
    return sum(share.keys * -math.expm1(-rows * share.mass / share.keys) for share in shares)


def joined(first: Sequence[Share], second: Sequence[Share]) -> tuple[Share, ...]:
    """Combinations of values that know nothing of each other."""
    return combined(merged(first), merged(second))


def combined(first: Iterable[Share], second: Iterable[Share]) -> tuple[Share, ...]:
    """The same of values of which those that are about equally likely are together."""
    found: dict[tuple[int, int], list[float]] = {}
    others = [(one, math.log2(one.mass / one.keys)) for one in second if one.mass > 0]
    for share in first:
        if share.mass <= 0:
            continue
        own_keys, own_mass, own_nulls = share.keys, share.mass, share.nulls
        likelihood = math.log2(own_mass / own_keys)
        for other, other_likelihood in others:
            keys, mass = own_keys * other.keys, own_mass * other.mass
            if mass <= 0:
                continue
            if keys > UNIQUE_KEYS:
                keys = UNIQUE_KEYS
                step = _step(mass / keys)
            else:
                step = round((likelihood + other_likelihood) * _STEPS_PER_OCTAVE)
            place = found.get((step, own_nulls | other.nulls))
            if place is None:
                found[step, own_nulls | other.nulls] = [keys, mass]
            else:
                place[0] += keys
                place[1] += mass
    return tuple(
        Share(keys=min(keys, UNIQUE_KEYS), mass=mass, nulls=nulls)
        for (_, nulls), (keys, mass) in found.items()
    )


def merged(shares: Sequence[Share]) -> Sequence[Share]:
    """Put values that are about equally likely together."""
    if len(shares) <= _FEW:
        return shares
    found: dict[tuple[int, int], list[float]] = {}
    for share in shares:
        if share.mass > 0:
            place = found.setdefault((_step(share.mass / share.keys), share.nulls), [0.0, 0.0])
            place[0] += share.keys
            place[1] += share.mass
    return [Share(keys=keys, mass=mass, nulls=nulls) for (_, nulls), (keys, mass) in found.items()]


def placed(shares: Iterable[Share], place: int) -> tuple[Share, ...]:
    """The shares of one column as those of the n-th of several."""
    if not place:
        return tuple(shares)
    return tuple(
        Share(keys=share.keys, mass=share.mass, nulls=share.nulls << place)
        if share.nulls
        else share
        for share in shares
    )


def split(shares: Iterable[Share], parts: float) -> tuple[Share, ...]:
    """Each value becomes so many combinations with other columns."""
    return tuple(
        Share(keys=min(share.keys * parts, UNIQUE_KEYS), mass=share.mass, nulls=share.nulls)
        for share in shares
    )


def _step(ratio: float) -> int:
    return round(math.log2(ratio) * _STEPS_PER_OCTAVE)


def key_groups(shares: Iterable[Share], rows: float) -> Iterator[KeyGroup]:
    """Yield how many values have how many of so many rows."""
    for share in shares:
        mean = rows * share.mass / share.keys
        if mean <= ALONE_ROWS_PER_KEY:
            yield KeyGroup(keys=rows * share.mass, rows=1.0, nulls=share.nulls)
        elif _is_certain(share, mean):
            yield KeyGroup(keys=share.keys, rows=mean, nulls=share.nulls)
        else:
            for count, likelihood in _poisson(mean):
                yield KeyGroup(keys=share.keys * likelihood, rows=count, nulls=share.nulls)


def is_counted(share: Share, mean: float) -> bool:
    """Whether its values have each number of rows as often as Poisson's law has it.

    Args:
        share: The values.
        mean: Rows of each of them, on average.
    """
    return ALONE_ROWS_PER_KEY < mean <= _COUNTED_ROWS_PER_KEY and not _is_certain(share, mean)


def _is_certain(share: Share, mean: float) -> bool:
    return mean >= _CERTAIN_ROWS_PER_KEY or (share.keys <= 1 and mean >= 1)


def _poisson(mean: float) -> Iterator[tuple[float, float]]:
    """Yield numbers of rows above zero, and how likely each is."""
    if mean > _COUNTED_ROWS_PER_KEY:
        # Three points that have the mean and the variance of Poisson's law.
        distance = math.sqrt(3 * mean)
        yield mean - distance, 1 / 6
        yield mean, 2 / 3
        yield mean + distance, 1 / 6
        return
    likelihood = math.exp(-mean)
    for count in range(1, int(mean + 8 * math.sqrt(mean)) + 8):
        likelihood *= mean / count
        if likelihood > _NEGLIGIBLE:
            yield count, likelihood
