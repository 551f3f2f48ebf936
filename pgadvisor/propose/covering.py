"""Indexes that hold all that a statement reads, so that it need not read the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgadvisor.propose.shape import Shape, column_keys, said
from pgadvisor.propose.site import Site

MAX_SCAN_RATIO = 0.7
"""An index that is nearly as large as its table is no shorter way to all rows."""
_ENTRY_BYTES = 16
"""Of a btree besides its columns: the line pointer, the header and padding."""


def covering_shapes(site: Site, bases: Iterable[Shape]) -> Iterator[Shape]:
    """Yield each base widened to all that the statement reads: by INCLUDE, and by further keys.

    Args:
        site: The appearance; where it has to read the table, nothing is yielded.
        bases: Btrees that serve it, the most promising first.
    """
    if not _is_narrow(site):
        return
    alone = (Shape(keys=(), reason=""),) if _is_smaller(site) else ()
    for base in (*bases, *alone):
        missing = tuple(column for column in site.read if column not in base.columns)
        if missing and all(key.column for key in base.keys):
            yield from _included(site, base, missing)
            yield from _appended(site, base, missing)


def _is_narrow(site: Site) -> bool:
    """Whether one index can hold it all."""
    options = site.options
    width_bytes = sum(site.facts.width_bytes(column) for column in site.read)
    is_within = len(site.read) <= options.max_covering_columns
    return bool(site.read) and is_within and width_bytes <= options.max_covering_width_bytes


def _is_smaller(site: Site) -> bool:
    """Whether reading the whole index is less than reading the table."""
    width_bytes = sum(site.facts.width_bytes(column) for column in site.read)
    return width_bytes + _ENTRY_BYTES <= MAX_SCAN_RATIO * site.facts.row_bytes


def _included(site: Site, base: Shape, missing: tuple[str, ...]) -> Iterator[Shape]:
    if not site.options.include or not base.keys:
        return
    reason = said(base.reason, f"reading {', '.join(missing)} from the index")
    # Their order makes no difference: in one order for all, equal indexes are equal.
    yield replace(base, include=tuple(sorted(missing)), reason=reason)


def _appended(site: Site, base: Shape, missing: tuple[str, ...]) -> Iterator[Shape]:
    """Yield the columns as keys, those first that rows are picked by."""
    is_too_wide = len(base.keys) + len(missing) > site.options.max_keys
    if is_too_wide or not all(site.facts.can_be_key(column) for column in missing):
        return
    named = dict.fromkeys((*site.joined, *site.ranges, *site.group))
    picking = tuple(column for column in named if column in missing)
    others = tuple(column for column in missing if column not in picking)
    for first in dict.fromkeys((picking, picking[::-1])):
        further = (*first, *others)
        reason = said(base.reason, f"reading {', '.join(further)} from the index")
        keys = (*base.keys, *column_keys(further))
        yield replace(base, keys=keys, read_count=len(further), reason=reason)
