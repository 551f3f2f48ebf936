"""Ranges of a column: bounds that cover a little, some, or much of the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.sensitivity import AskedColumns, ValueClass, ValueKind
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.parameters.order import SortKey

COVERED_RATIOS = (0.01, 0.1, 0.5)
"""Shares of the rows that ranges are to cover, each of them as likely as the others."""
_NOTHING = 1e-9
_END_RATIO = 0.95
"""Where ranges of two bounds end: near the end, as recent rows are most in demand, but not at
it, where the planner would look for the greatest value that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePick:
    """A range that some calls ask for."""

    value_class: ValueClass
    lower: str | None
    upper: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """A value with the shares of the rows below it, and below it or equal to it."""

    value: str
    below: float
    upto: float


def range_picks(
    statistics: ColumnStatistics,
    asked: AskedColumns,
    rows: float,
    key: SortKey,
    operators: tuple[str | None, str | None],
) -> tuple[RangePick, ...]:
    """Choose ranges, the narrowest first; none where the statistics have no values.

    Args:
        statistics: Of the column.
        asked: The column.
        rows: Of the table.
        key: How its values sort.
        operators: That the lower bound is given with (``>``, ``>=``), and the upper one.
    """
    points = _points(statistics, key)
    known = 1.0 - statistics.null_ratio
    if all(operators):
        found = _closed(points, known)
    else:
        found = _open(points, known, operators[0] or operators[1] or "")
    return tuple(
        RangePick(value_class=_class(asked, rows, share), lower=lower, upper=upper)
        for share, lower, upper in found
    )


def _class(asked: AskedColumns, rows: float, share: float) -> ValueClass:
    return ValueClass(
        asked=asked,
        kind=ValueKind.RANGE,
        low_ratio=share,
        high_ratio=share,
        rows=share * rows,
    )


def _points(statistics: ColumnStatistics, key: SortKey) -> list[_Point]:
    """Values that a bound may be, in order, the first and the last left out of a histogram."""
    values, ratios = statistics.most_common_values or (), statistics.most_common_ratios or ()
    common = sorted(
        ((key(value), value, ratio) for value, ratio in zip(values, ratios, strict=False)),
        key=lambda entry: entry[0],
    )
    bounds = statistics.histogram_bounds or ()
    bins = len(bounds) - 1
    if bins < 1:
        return list(_common_points(common))
    mass = max(1.0 - statistics.null_ratio - sum(ratios), 0.0)
    found: list[_Point] = []
    for place, bound in enumerate(bounds[1:-1], 1):
        at = key(bound)
        below = mass * place / bins + sum(ratio for known, _, ratio in common if known < at)
        equal = sum(ratio for known, _, ratio in common if known == at)
        found.append(_Point(value=bound, below=below, upto=below + equal))
    return found


def _common_points(common: Sequence[tuple[object, str, float]]) -> Iterator[_Point]:
    below = 0.0
    for _, value, ratio in common:
        yield _Point(value=value, below=below, upto=below + ratio)
        below += ratio


def _open(
    points: Sequence[_Point], known: float, operator: str
) -> Iterator[tuple[float, str | None, str | None]]:
    """Ranges with one bound, each once."""
    shares = [(_covered(point, known, operator), point) for point in points]
    is_lower = operator.startswith(">")
    for share, point in _nearest([(share, point) for share, point in shares if share > _NOTHING]):
        yield (share, point.value, None) if is_lower else (share, None, point.value)


def _covered(point: _Point, known: float, operator: str) -> float:
    match operator:
        case ">":
            return known - point.upto
        case ">=":
            return known - point.below
        case "<":
            return point.below
        case _:
            return point.upto


def _closed(
    points: Sequence[_Point], known: float
) -> Iterator[tuple[float, str | None, str | None]]:
    """Ranges between two values that end at the same one."""
    if not points:
        return
    at = min(range(len(points)), key=lambda place: abs(points[place].upto - _END_RATIO * known))
    last = points[max(at, 1) if len(points) > 1 else 0]
    below = [point for point in points if point.below < last.below]
    shares = [(share, point) for point in below if (share := last.upto - point.below) > _NOTHING]
    for share, point in _nearest(shares):
        yield share, point.value, last.value


def _nearest(shares: Sequence[tuple[float, _Point]]) -> list[tuple[float, _Point]]:
    """For each share that is wanted, what comes nearest to it; each once, the smallest first."""
    chosen: dict[str, tuple[float, _Point]] = {}
    for wanted in COVERED_RATIOS:
        if shares:
            best = min(shares, key=lambda pair: abs(math.log(pair[0] / wanted)))
            chosen[best[1].value] = best
    return sorted(chosen.values(), key=lambda pair: pair[0])
