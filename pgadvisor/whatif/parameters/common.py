"""The values of a column by how common they are: a few classes, and a value or more of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pgadvisor.model.sensitivity import AskedColumns, ValueClass, ValueKind
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.parameters.order import SortKey

MAX_CLASSES = 4
"""Of one column, or of columns that go together."""
SAME_CLASS_FACTOR = 2.0
"""Common values belong together while none is so many times as common as another."""
NEGLIGIBLE_RATIO = 0.0001
"""So small a share of the rows makes no class of its own."""
_DISPENSABLE_RATIO = 0.01
_LEAST_RATIO = 1e-12

Values = tuple[str | None, ...]
"""Of one row: one value of each column, in the text form of its type; None: NULL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Values that are about equally common."""

    value_class: ValueClass
    weight: float
    """The share of the rows that hold one of them."""
    members: tuple[Values, ...]
    """Some of them, the one that stands for them all first; empty: the statistics have none."""


def common_picks(
    statistics: ColumnStatistics,
    asked: AskedColumns,
    rows: float,
    key: SortKey,
    *,
    with_null: bool = False,
) -> tuple[Pick, ...]:
    """Divide the values of a column by how common they are, the most common ones first.

    A value that no row has is in none of the classes.

    Args:
        statistics: Of the column.
        asked: The column.
        rows: Of the table.
        key: Tells equal values that are written differently.
        with_null: NULL is a value like others.
    """
    picks = [*classes_of(_distinct_pairs(statistics, key), asked, rows)]
    picks += _rest(statistics, asked, rows, key)
    if with_null and statistics.null_ratio > 0:
        ratio = statistics.null_ratio
        null = ValueClass(
            asked=asked, kind=ValueKind.NULL, low_ratio=ratio, high_ratio=ratio, rows=ratio * rows
        )
        picks.append(Pick(value_class=null, weight=ratio, members=((None,),)))
    return tuple(picks)


def classes_of(
    pairs: Sequence[tuple[Values, float]], asked: AskedColumns, rows: float
) -> tuple[Pick, ...]:
    """Divide common values, given with their ratios and the most common one first."""
    found = [_class(group, asked, rows) for group in _groups(pairs)]
    while len(found) > MAX_CLASSES - 1:
        steps = [
            one.value_class.high_ratio / max(two.value_class.high_ratio, _LEAST_RATIO)
            for one, two in pairwise(found)
        ]
        at = steps.index(min(steps))
        found[at : at + 2] = [_together(found[at], found[at + 1])]
    return tuple(found)


def _groups(pairs: Sequence[tuple[Values, float]]) -> Iterator[list[tuple[Values, float]]]:
    """Cut them where they get much rarer."""
    group: list[tuple[Values, float]] = []
    for value, ratio in pairs:
        if group and ratio * SAME_CLASS_FACTOR < group[0][1]:
            yield group
            group = []
        group.append((value, ratio))
    if group:
        yield group


def _class(group: Sequence[tuple[Values, float]], asked: AskedColumns, rows: float) -> Pick:
    """The value whose share is nearest to what a call meets stands for the others."""
    total = sum(ratio for _, ratio in group)
    mean = sum(ratio * ratio for _, ratio in group) / max(total, _LEAST_RATIO)
    ordered = sorted(group, key=lambda pair: abs(pair[1] - mean))
    found = ValueClass(
        asked=asked,
        kind=ValueKind.VALUE,
        low_ratio=group[-1][1],
        high_ratio=group[0][1],
        value_count=len(group),
        rows=ordered[0][1] * rows,
    )
    return Pick(value_class=found, weight=total, members=tuple(value for value, _ in ordered))


def _together(one: Pick, two: Pick) -> Pick:
    first, second = (one, two) if one.weight >= two.weight else (two, one)
    return Pick(
        value_class=first.value_class.joined(second.value_class),
        weight=one.weight + two.weight,
        members=first.members + second.members,
    )


def _distinct_pairs(statistics: ColumnStatistics, key: SortKey) -> list[tuple[Values, float]]:
    """Most-common values with their ratios; of values that redaction made equal, the first.

    It is the first that the planner goes by.
    """
    seen: dict[object, tuple[Values, float]] = {}
    values, ratios = statistics.most_common_values or (), statistics.most_common_ratios or ()
    for value, ratio in zip(values, ratios, strict=False):
        seen.setdefault(key(value), ((value,), ratio))
    return sorted(seen.values(), key=lambda pair: -pair[1])


def _rest(
    statistics: ColumnStatistics, asked: AskedColumns, rows: float, key: SortKey
) -> Iterator[Pick]:
    """The values that are not among the most common ones."""
    common = statistics.most_common_values or ()
    weight = 1.0 - statistics.null_ratio - sum(statistics.most_common_ratios or ())
    count = max(statistics.distinct_count(rows) - len(common), 1.0)
    taken = {key(value) for value in common}
    bounds: dict[object, str] = {}
    for bound in statistics.histogram_bounds or ():
        bounds.setdefault(key(bound), bound)
    free = [bound for place, bound in bounds.items() if place not in taken]
    if weight <= NEGLIGIBLE_RATIO or (not free and weight <= _DISPENSABLE_RATIO):
        return
    middle = len(free) // 2
    spread = sorted(range(len(free)), key=lambda place: abs(place - middle))
    ratio = weight / count
    found = ValueClass(
        asked=asked,
        kind=ValueKind.VALUE if free else ValueKind.UNKNOWN,
        low_ratio=ratio,
        high_ratio=ratio,
        value_count=count,
        rows=ratio * rows,
    )
    yield Pick(value_class=found, weight=weight, members=tuple((free[at],) for at in spread))
