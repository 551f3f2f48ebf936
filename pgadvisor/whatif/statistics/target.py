"""Statistics of a column at another statistics target."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.model.statistics import ColumnStatistics

MAX_TARGET = 10_000


class UnknownTargetError(ValueError):
    """What ANALYZE would find at that target is not known; the text says why."""


def at_target(row: ColumnStatistics, target: int) -> ColumnStatistics:
    """What ANALYZE would keep of a column at another target, as far as that is known.

    It is taken to find what it found before, in a smaller sample too.

    Args:
        row: What it keeps now.
        target: How many common values, and bins of the histogram, it may keep.

    Raises:
        UnknownTargetError: It is not known.
    """
    if target == 0:
        raise UnknownTargetError("ANALYZE passes a column of target 0 over, so nothing changes")
    if not 0 < target <= MAX_TARGET:
        raise UnknownTargetError(f"a target is a number from 1 to {MAX_TARGET:,}")
    if row.most_common_elements is not None or row.range_bounds_histogram is not None:
        raise UnknownTargetError("the statistics of elements and of ranges would change as well")
    common = len(row.most_common_values or ())
    bins = len(row.histogram_bounds) - 1 if row.histogram_bounds else 0
    if bins == 0 and 0 < row.n_distinct <= common <= target:
        return row  # all values that there are are in the list
    if target > max(common, bins):
        raise UnknownTargetError("the snapshot has no values beyond those that were sampled")
    if target < common:
        raise UnknownTargetError(
            "common values would leave their list, and their place in the histogram is not known"
        )
    if bins <= target:
        return row
    bounds = row.histogram_bounds or ()
    kept = tuple(bounds[round(number * bins / target)] for number in range(target + 1))
    return replace(row, histogram_bounds=kept)
