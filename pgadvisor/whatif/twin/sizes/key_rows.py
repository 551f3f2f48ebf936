"""How many keys have few rows and how many have many, added up for a btree that is built of them.

A key with few rows has one posting list, whatever the width of its entry, so that all of these
keys together are a number of lists and a number of bytes.  What the law of Poisson has of keys
with one row, two rows and so on is summed in closed form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pgadvisor.whatif.twin.sizes.entry_width import ROW_POINTER_BYTES, aligned
from pgadvisor.whatif.twin.sizes.key_shares import (
    ALONE_ROWS_PER_KEY,
    KeyGroup,
    Share,
    is_counted,
    key_groups,
    present_keys,
)

REGULAR_ROWS_PER_KEY = 60.0
"""From here on the rows of a key vary too little to matter."""
_REMEMBERED = 500
_PAIR_BYTES = 2.0
"""By so many bytes a list gets longer with each row beyond a multiple of four, being aligned."""


@dataclass(slots=True)
class FewRows:
    """Keys with few rows: a posting list for each."""

    keys: float = 0.0
    """How many."""
    row_pointer_bytes: float = 0.0
    """Of all of them; a key with a single row has it in its header."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeyRows:
    """The rows of all keys of an index."""

    shares: tuple[Share, ...]
    """How they are spread over the keys."""
    rows: float
    keys: float
    """That turn up at all."""
    nulls: tuple[int, ...]
    """Each combination of columns that are NULL in some of them."""
    few: Mapping[int, FewRows]
    """Keys with fewer rows than ``REGULAR_ROWS_PER_KEY``, by the columns that are NULL in them."""
    many: tuple[KeyGroup, ...]
    """The other keys."""


@lru_cache(maxsize=_REMEMBERED)
def key_rows(shares: tuple[Share, ...], rows: float) -> KeyRows:
    """What becomes of so many rows that are spread over keys like this."""
    few: dict[int, FewRows] = {}
    many: list[KeyGroup] = []
    for share in shares:
        mean = rows * share.mass / share.keys
        if mean < REGULAR_ROWS_PER_KEY and share.nulls not in few:
            few[share.nulls] = FewRows()
        if mean <= ALONE_ROWS_PER_KEY:
            few[share.nulls].keys += rows * share.mass
        elif is_counted(share, mean):
            _add_by_poisson(few[share.nulls], share.keys, mean)
        else:
            for group in key_groups((share,), rows):
                if group.rows >= REGULAR_ROWS_PER_KEY:
                    many.append(group)
                else:
                    _add(few[share.nulls], group)
    return KeyRows(
        shares=shares,
        rows=rows,
        keys=present_keys(shares, rows),
        nulls=tuple(dict.fromkeys(share.nulls for share in shares)),
        few=few,
        many=tuple(many),
    )


def _add(few: FewRows, group: KeyGroup) -> None:
    few.keys += group.keys
    if group.rows > 1:
        few.row_pointer_bytes += group.keys * aligned(ROW_POINTER_BYTES * group.rows)


def _add_by_poisson(few: FewRows, keys: float, mean: float) -> None:
    """Add keys that have so many rows on average.

    A list of n rows takes 6 n bytes and, to be aligned, 2 (n mod 4) more.
    """
    absent = math.exp(-mean)
    beyond_four = 1.5 - 0.5 * absent * absent - absent * (math.sin(mean) + math.cos(mean))
    single = mean * absent
    few.keys -= keys * math.expm1(-mean)
    few.row_pointer_bytes += keys * (
        ROW_POINTER_BYTES * (mean - single) + _PAIR_BYTES * (beyond_four - single)
    )
