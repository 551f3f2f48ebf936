"""Statistics of an expression, out of what it makes of the values of its column.

ANALYZE keeps a column's most common values with their shares, and bounds between which lie equal
shares of the others.  What the expression makes of these values, and of points between the
bounds, has the same shares; grouped and ordered anew it is what ANALYZE would have found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from statistics import median

from pgadvisor.model.statistics import ColumnStatistics

_KNOWN_FROM_HITS = 5
"""Results that are hit so often on average have all been hit, and their shares are known."""
_COMMON_RATIO = 1.25
"""A result that is so much more frequent than the average is one of the most common."""
_SHARE_BEYOND_WHICH_DISTINCT_GROWS = 0.1
"""From this share of the rows on, ANALYZE takes the distinct values to grow with the table."""


class Kind(Enum):
    """Where a value comes from."""

    NULL = auto()
    COMMON = auto()
    """A most common value."""
    EVEN = auto()
    """A bound, or one of the points that are spread evenly between two bounds."""
    RANDOM = auto()
    """A point drawn at random: it counts for the number of distinct results only."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value of the column, and what the expression makes of it."""

    kind: Kind
    ratio: float
    """The share of the rows that it stands for."""
    order: int
    """Its place among the distinct values, from 1."""
    result_order: int | None
    """The place of the result among the distinct results, from 1; None: it is NULL."""
    result: str
    width_bytes: int


@dataclass(slots=True)
class _Group:
    """All points that have one result; it is only written to while points are grouped."""

    result: str
    common_ratio: float = 0.0
    even_ratio: float = 0.0
    even_hits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Distinct:
    """How many distinct results there are."""

    count: float
    are_shares_known: bool
    """Points between the bounds have hit each of the results, and often."""


def statistics_of_image(
    points: Sequence[Point],
    source: ColumnStatistics,
    *,
    rows: float,
    target: int,
    is_interpolated: bool,
) -> ColumnStatistics:
    """Tell the statistics of an expression.

    Args:
        points: Values of its column, with their results.
        source: The column's statistics.
        rows: Of the table.
        target: How many most common values, and bounds, are kept.
        is_interpolated: There are points between the bounds.
    """
    groups = _grouped(points)
    distinct = _distinct(points, groups, source, rows, is_interpolated=is_interpolated)
    null_ratio = sum(p.ratio for p in points if p.result_order is None)
    common = _common(groups, distinct, _shares(points, groups), target)
    known = sum(p.ratio for p in points if p.result_order is not None)
    width = sum(p.ratio * p.width_bytes for p in points if p.result_order is not None)
    return ColumnStatistics(
        relation_oid=source.relation_oid,
        column=source.column,
        null_ratio=min(null_ratio, 1.0),
        average_width_bytes=round(width / known) if known else 0,
        n_distinct=_n_distinct(distinct.count, source, rows),
        most_common_values=tuple(groups[order].result for order, _ in common) or None,
        most_common_ratios=tuple(ratio for _, ratio in common) or None,
        histogram_bounds=_bounds(groups, {order for order, _ in common}, target),
        correlation=_correlation(points, source.correlation),
    )


def _grouped(points: Iterable[Point]) -> dict[int, _Group]:
    """By the order of the results."""
    groups: dict[int, _Group] = {}
    for point in points:
        if point.result_order is None or point.kind is Kind.RANDOM:
            continue
        group = groups.setdefault(point.result_order, _Group(point.result))
        if point.kind is Kind.EVEN:
            group.even_ratio += point.ratio
            group.even_hits += 1
        else:
            group.common_ratio += point.ratio
    return dict(sorted(groups.items()))


def _distinct(
    points: Sequence[Point],
    groups: dict[int, _Group],
    source: ColumnStatistics,
    rows: float,
    *,
    is_interpolated: bool,
) -> _Distinct:
    common = {p.order for p in points if p.kind is Kind.COMMON}
    rest = max(source.distinct_count(rows) - len(common), 0.0)
    hit, hits = _hit(points, Kind.EVEN)
    alone = sum(group.even_hits == 0 for group in groups.values())
    if not hits:
        all_known = len(common) >= source.distinct_count(rows) * 0.99
        count = (
            len(groups) if all_known else len(groups) / max(len(common), 1) * (len(common) + rest)
        )
        return _Distinct(count=max(count, 1.0), are_shares_known=all_known)
    if is_interpolated and hits >= _KNOWN_FROM_HITS * len(hit):
        return _Distinct(count=float(len(groups)), are_shares_known=True)
    if len(hit) == hits or not is_interpolated:
        count = rest * len(hit) / hits
    else:
        drawn, draws = _hit(points, Kind.RANDOM)
        once = sum(times == 1 for times in drawn.values())
        count = _by_sample(draws, len(drawn), once, rest)
    return _Distinct(count=max(alone + count, float(len(groups))), are_shares_known=False)


def _hit(points: Iterable[Point], kind: Kind) -> tuple[Counter[int], int]:
    """By result, how many distinct values of a kind have it; and how many values there are."""
    pairs = {
        (p.order, p.result_order) for p in points if p.kind is kind and p.result_order is not None
    }
    return Counter(result for _, result in pairs), len(pairs)


def _by_sample(draws: int, found: int, once: int, population: float) -> float:
    """Haas and Stokes' estimator, as ANALYZE itself uses it for what a sample did not see."""
    if not draws:
        return population
    seen_again = draws - once + once * draws / max(population, draws)
    return min(draws * found / seen_again, population) if seen_again > 0 else population


def _n_distinct(count: float, source: ColumnStatistics, rows: float) -> float:
    """A number, or minus the share of the rows; as the column has it where nothing was lost."""
    if abs(count - source.distinct_count(rows)) < 1:
        return source.n_distinct
    if rows > 0 and count > _SHARE_BEYOND_WHICH_DISTINCT_GROWS * rows:
        return -min(count / rows, 1.0)
    return float(round(count))


def _common(
    groups: dict[int, _Group], distinct: _Distinct, shares: dict[int, float], target: int
) -> list[tuple[int, float]]:
    """The most common results with their shares, the most frequent first."""
    if distinct.are_shares_known:
        takes_all = distinct.count <= 2 * target
        least = 0.0 if takes_all else _COMMON_RATIO * sum(shares.values()) / distinct.count
        chosen = [(order, ratio) for order, ratio in shares.items() if ratio > least]
    else:
        chosen = [(o, g.common_ratio) for o, g in groups.items() if g.common_ratio > 0]
    return sorted(chosen, key=lambda pair: -pair[1])[:target]


def _shares(points: Sequence[Point], groups: dict[int, _Group]) -> dict[int, float]:
    """Shares of results that points have hit often; those that differ by chance are made equal.

    Where results come in order, points tell the share of one to within a point at either end,
    elsewhere as a sample does.
    """
    shares = {order: group.common_ratio + group.even_ratio for order, group in groups.items()}
    hit = {order: group for order, group in groups.items() if group.even_hits}
    usual = median(shares[order] for order in hit) if hit else 0.0
    is_ordered = _direction(points) != 0
    alike = [
        order
        for order, group in hit.items()
        if abs(shares[order] - usual)
        <= group.even_ratio / group.even_hits * (2 if is_ordered else 3 * group.even_hits**0.5)
    ]
    mean = sum(shares[order] for order in alike) / len(alike) if alike else 0.0
    return shares | dict.fromkeys(alike, mean)


def _bounds(groups: dict[int, _Group], common: set[int], target: int) -> tuple[str, ...] | None:
    """Results between which lie equal shares of those that are not most common."""
    rest = [group for order, group in groups.items() if order not in common]
    total = sum(group.even_ratio + group.common_ratio for group in rest)
    if len(rest) < 2 or total <= 0:  # noqa: PLR2004  (as ANALYZE does)
        return None
    number = min(target, len(rest) - 1)
    bounds = [rest[0].result]
    reached = 0.0
    for group in rest:
        reached += group.even_ratio + group.common_ratio
        while len(bounds) < number and reached >= total * len(bounds) / number:
            bounds.append(group.result)
    return (*bounds, rest[-1].result)


def _direction(points: Iterable[Point]) -> int:
    """1: the results rise with the values, -1: they fall, 0: neither."""
    placed = [(p.order, p.result_order) for p in points if p.order and p.result_order is not None]
    places = [place for _, place in sorted(placed)]
    if all(a <= b for a, b in pairwise(places)):
        return 1
    return -1 if all(a >= b for a, b in pairwise(places)) else 0


def _correlation(points: Sequence[Point], source: float | None) -> float | None:
    """The column's, as far as the results come in the order of the values."""
    usable = [p for p in points if p.ratio > 0 and p.order and p.result_order is not None]
    if source is None or len({p.result_order for p in usable}) < 2:  # noqa: PLR2004
        return None
    if direction := _direction(points):
        return direction * source
    before = _positions(usable, [p.order for p in usable])
    after = _positions(usable, [p.result_order or 0 for p in usable])
    return source * _agreement([p.ratio for p in usable], before, after)


def _positions(points: Sequence[Point], orders: Sequence[int]) -> list[float]:
    """The middle of each one's rows, when all rows are put in that order."""
    shares: dict[int, float] = defaultdict(float)
    for point, order in zip(points, orders, strict=True):
        shares[order] += point.ratio
    middles, reached = {}, 0.0
    for order in sorted(shares):
        middles[order] = reached + shares[order] / 2
        reached += shares[order]
    return [middles[order] for order in orders]


def _agreement(weights: Sequence[float], a: Sequence[float], b: Sequence[float]) -> float:
    """The correlation of two series with weights."""
    total = sum(weights)
    mean_a = sum(w * x for w, x in zip(weights, a, strict=True)) / total
    mean_b = sum(w * y for w, y in zip(weights, b, strict=True)) / total
    triples = list(zip(weights, a, b, strict=True))
    cross = sum(w * (x - mean_a) * (y - mean_b) for w, x, y in triples)
    spread_a = sum(w * (x - mean_a) ** 2 for w, x, _ in triples)
    spread_b = sum(w * (y - mean_b) ** 2 for w, _, y in triples)
    product = float((spread_a * spread_b) ** 0.5)
    return cross / product if product > 0 else 0.0
