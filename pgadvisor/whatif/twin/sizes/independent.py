"""Columns that know nothing of each other: how rows are spread over their combinations.

What a list of columns begins with is worked out once for all lists that begin so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.key_shares import Share, combined, merged, placed, present_keys

_REMEMBERED = 2_000
"""Enough for the indexes of a table, which come one after the other."""


@lru_cache(maxsize=_REMEMBERED)
def independent(keys: tuple[KeyStatistics, ...]) -> tuple[Share, ...]:
    """The spread over the combinations of columns."""
    *others, last = keys
    if not others:
        return own_shares(last, 0)
    return combined(_merged(tuple(others)), _merged_own(last, len(others)))


@lru_cache(maxsize=_REMEMBERED)
def own_shares(key: KeyStatistics, place: int) -> tuple[Share, ...]:
    """The spread over the values of a column that is the n-th of several."""
    return placed(key.shares, place)


@lru_cache(maxsize=_REMEMBERED)
def own_keys(key: KeyStatistics) -> float:
    """How many values a column has in all."""
    return sum(share.keys for share in key.shares)


@lru_cache(maxsize=_REMEMBERED)
def own_present(key: KeyStatistics, rows: float) -> float:
    """How many values of a column turn up among so many rows."""
    return present_keys(key.shares, rows)


@lru_cache(maxsize=_REMEMBERED)
def _merged(keys: tuple[KeyStatistics, ...]) -> Sequence[Share]:
    return merged(independent(keys))


@lru_cache(maxsize=_REMEMBERED)
def _merged_own(key: KeyStatistics, place: int) -> Sequence[Share]:
    return placed(_merged_own(key, 0), place) if place else merged(key.shares)
