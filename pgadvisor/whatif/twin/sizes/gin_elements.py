"""How many elements a GIN index takes out of the values of a column, and how many rows have each.

ANALYZE counts those of arrays and text search documents.  Of other types it keeps values, out
of which the elements are taken here as the operator class would take them; those values are a
sample, and the elements of all rows are estimated of it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.sizes.document_elements import (
    EXTRACTORS,
    Element,
    Extractor,
    elements_by_trigram,
    elements_by_word,
    most_trigrams,
)
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.key_shares import UNIQUE_KEYS, Share, merged
from pgadvisor.whatif.twin.sizes.sampling import Sample, duj1, falling_shares, spread_values

_FEWEST_VALUES = 10
"""From so many values on the elements of all can be told."""
_SURE_COUNT = 3.0
_SURE_DEVIATIONS = 4.0
"""An element that was seen so much more often than the average is common in fact."""
_POOLED_COUNT = 30.0
"""Places of which a sample has fewer elements are taken together."""
_DOCUMENT_BYTES = 8
_LEXEME_BYTES = 4
_POSITION_BYTES = 5
"""Of a lexeme: how many positions it has, one or a few of them, and what aligns them."""
_NEGLIGIBLE_RATIO = 1e-6
_GUESSED_ELEMENT_BYTES = 10.0
_GUESSED_ROWS_PER_ELEMENT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementGroup:
    """Elements that are in about equally many rows."""

    keys: float
    """How many there are."""
    ratio: float
    """The part of the rows that has one of them, each."""
    width_bytes: float
    """As the index keeps it."""


def elements_of(key: KeyStatistics, rows: float) -> tuple[ElementGroup, ...]:
    """The elements of a column.

    Args:
        key: The column, as an index has it.
        rows: Rows of the table.
    """
    groups = list(_values(key, rows))
    if key.null_ratio > 0:  # rows without a value are found by an element of their own
        groups.append(ElementGroup(keys=1.0, ratio=key.null_ratio, width_bytes=1.0))
    return tuple(groups)


def elements_per_row(key: KeyStatistics, operator_class: str) -> float:
    """How many elements a value has on average, taken out as GIN's operator class would."""
    groups = elements_of(replace(key, operator_class=operator_class), 1e6)
    return sum(group.keys * group.ratio for group in groups) / max(1 - key.null_ratio, 1e-6)


def _values(key: KeyStatistics, rows: float) -> Iterator[ElementGroup]:
    values, present = key.values, 1 - key.null_ratio
    extractor = EXTRACTORS.get(key.operator_class)
    is_document = key.operator_class == "tsvector_ops"
    if key.operator_class not in _OF_SEVERAL_ELEMENTS:
        yield from (
            ElementGroup(
                keys=share.keys, ratio=share.mass / share.keys, width_bytes=key.width_bytes
            )
            for share in merged(key.shares)
            if not share.nulls
        )
        return
    if values is None:
        yield from _guessed(key.width_bytes, rows * present)
        return
    counted = list(_counted(values, key, rows))
    if counted:
        yield from counted
        return
    sampled = extractor or (elements_by_word if is_document else None)
    found = _sampled(values, sampled, rows) if sampled else ()
    yield from found or _guessed(float(values.average_width_bytes), rows * present)


def _counted(values: ColumnStatistics, key: KeyStatistics, rows: float) -> Iterator[ElementGroup]:
    """Of an array or a text search document, the common ones as ANALYZE has counted them."""
    names, ratios = values.most_common_elements or (), values.most_common_element_ratios or ()
    if not names or not ratios:
        return
    present = 1 - values.null_ratio
    # pg_stats lists the least, the greatest and the share of NULL after the elements' own.
    listed = sorted(zip(ratios, names, strict=False), reverse=True)
    common = [ratio for ratio, _ in listed]
    width = sum(len(name.encode()) + 1 for name in names) / len(names)
    if not key.is_variable:
        width = key.width_bytes
    for ratio in common:
        yield ElementGroup(keys=1.0, ratio=present * ratio, width_bytes=width)
    rest = _elements_per_row(values, common, rows * present) - sum(common)
    if rest > 0.01 * sum(common):
        for share in _beyond(common, rest, rows * present):
            yield ElementGroup(
                keys=share.keys, ratio=present * share.mass / share.keys, width_bytes=width
            )


def _elements_per_row(values: ColumnStatistics, common: Sequence[float], rows: float) -> float:
    """The average of all values, which follows the histogram of an array.

    Of a text search document it is by its width.  Lexemes may have positions or not, and which
    is the case is told by how far the list of common ones would reach if it fell on to those
    that a single row has.
    """
    if values.element_count_histogram:
        return values.element_count_histogram[-1]
    names = values.most_common_elements or ("",)
    width = sum(len(name.encode()) for name in names) / len(names)
    room = max(values.average_width_bytes - _DOCUMENT_BYTES, 0)
    fall = _fall(common)
    reached = sum(common) + len(common) * fall.least * _mass_to(fall, 1 / max(rows, 1.0))
    by_width = (room / (_LEXEME_BYTES + width + extra) for extra in (0, _POSITION_BYTES))
    return min(by_width, key=lambda number: abs(math.log(max(number, 1.0) / reached)))


@dataclass(frozen=True, slots=True)
class _Fall:
    """How the later ones of a list of common elements get rarer: by a power of their rank."""

    least: float
    power: float


def _fall(common: Sequence[float]) -> _Fall:
    """Fit it to the end of a list, and to what was a quarter on the way there."""
    number = len(common)
    last = max(number // 10, 1)
    rank = number - (last - 1) / 2
    average = sum(common[-last:]) / last
    early = max(number // 4, 1)
    power = 0.0
    if early < rank:
        power = math.log(max(common[early - 1] / average, 1.0)) / math.log(rank / early)
    return _Fall(average * (rank / number) ** power, power)


def _beyond(common: Sequence[float], rest: float, rows: float) -> tuple[Share, ...]:
    """Elements that are rarer than those listed, falling on as the later ones of the list do."""
    fall, number = _fall(common), len(common)
    single = 1 / max(rows, 1.0)
    keys = min(_reach(rest / (fall.least * number), fall.power), _end(fall, single)) - 1
    if keys * number < 1:
        return (Share(keys=1.0, mass=rest),)
    mass = min(rest, fall.least * number * _mass_to(fall, single))
    shares = falling_shares(keys * number, mass, fall.least, number)
    left = rest - mass
    return (*shares, Share(keys=left / single, mass=left)) if left > single else shares


def _end(fall: _Fall, single: float) -> float:
    """At which multiple of its rank a list has fallen to elements that one row has."""
    if fall.least <= single:
        return 1.0
    return min(math.exp(min(math.log(fall.least / single) / max(fall.power, 1e-3), 30.0)), 1e9)


def _mass_to(fall: _Fall, single: float) -> float:
    """What a list has beyond its end, in units of its length and its last element."""
    end = math.log(_end(fall, single))
    if abs(1 - fall.power) < _NEGLIGIBLE_RATIO:
        return end
    return math.expm1((1 - fall.power) * end) / (1 - fall.power)


def _reach(mass: float, power: float) -> float:
    """Up to which multiple of its rank a falling list has that mass, in units of its start."""
    if abs(1 - power) < _NEGLIGIBLE_RATIO:
        return math.exp(min(mass, 50.0))
    grown = 1 + (1 - power) * mass
    return grown ** (1 / (1 - power)) if grown > 0 else math.inf


@dataclass(slots=True)
class _Place:
    """What was seen in one place of the values."""

    counts: dict[str, float]
    width: float = 0.0
    """Of all that were seen, added up."""


@lru_cache(maxsize=256)
def _sampled(
    values: ColumnStatistics, extractor: Extractor, rows: float
) -> tuple[ElementGroup, ...]:
    """Of any type of which ANALYZE kept values; nothing, if those tell nothing."""
    documents = list(_documents(values, extractor))
    total = sum(weight for _, weight in documents)
    if len(documents) < _FEWEST_VALUES:
        return ()
    present = 1 - values.null_ratio
    groups = []
    for place in _pooled(_places(documents)):
        seen = sum(place.counts.values())
        most = most_trigrams(place.counts) if extractor is elements_by_trigram else math.inf
        for share in _spread(list(place.counts.values()), seen / total * rows * present, most):
            ratio = present * share.mass / share.keys * seen / total
            width = place.width / seen
            groups.append(
                ElementGroup(keys=share.keys, ratio=min(ratio, present), width_bytes=width)
            )
    return tuple(groups)


def _places(documents: Iterable[tuple[Sequence[Element], float]]) -> Mapping[str, _Place]:
    places: defaultdict[str, _Place] = defaultdict(lambda: _Place({}))
    for elements, weight in documents:
        for element in elements:
            place = places[element.place]
            place.counts[element.text] = place.counts.get(element.text, 0.0) + weight
            place.width += element.width_bytes * weight
    return places


def _pooled(places: Mapping[str, _Place]) -> Iterator[_Place]:
    """Places that were seen often, and all others as one."""
    pool = _Place({})
    for place in places.values():
        if sum(place.counts.values()) >= _POOLED_COUNT:
            yield place
            continue
        pool.width += place.width
        for text, count in place.counts.items():
            pool.counts[text] = pool.counts.get(text, 0.0) + count
    if pool.counts:
        yield pool


def _spread(counts: Sequence[float], occurrences: float, most: float) -> tuple[Share, ...]:
    """How all occurrences are spread over elements, by those that were seen in a sample.

    Args:
        counts: How often each was seen.
        occurrences: Of all of them, in the table.
        most: So many different ones can there be.
    """
    seen = sum(counts)
    growth = max(occurrences / seen, 1.0)
    mean = seen / max(_estimate(counts, growth), 1.0)
    sure = _SURE_COUNT + mean + _SURE_DEVIATIONS * math.sqrt(mean)
    common = tuple(Share(keys=1.0, mass=count / seen) for count in counts if count >= sure)
    others = [count for count in counts if count < sure]
    if not others:
        return common
    # Of those that are in most rows nothing follows for those that are rare.
    sample = Sample(rows=sum(others) * growth, sampled=sum(others))
    rare = spread_values(_estimate(others, growth), sample, (), 1.0, is_cut=False)
    limit, part = max(most - len(common), 1.0), sum(others) / seen
    return (
        *common,
        *(Share(keys=min(share.keys, limit), mass=share.mass * part) for share in rare),
    )


def _estimate(counts: Sequence[float], growth: float) -> float:
    """All different ones, by how often those in a sample were seen."""
    seen = sum(counts)
    once = sum(1.0 for count in counts if count < 1.5)  # noqa: PLR2004
    return duj1(Sample(rows=seen * growth, sampled=seen), distinct=len(counts), once=once)


def _documents(
    values: ColumnStatistics, extractor: Extractor
) -> Iterator[tuple[Sequence[Element], float]]:
    """The values that ANALYZE kept, and for how many each stands."""
    ratios = values.most_common_ratios or ()
    bounds = values.histogram_bounds or ()
    rest = max(1 - values.null_ratio - sum(ratios), 0.0)
    unit = rest / len(bounds) if bounds and rest > 0 else min(ratios, default=1.0)
    kept = [*zip(values.most_common_values or (), ratios, strict=False)]
    for value, ratio in [*kept, *((bound, unit) for bound in bounds)]:
        try:
            elements = tuple(extractor(value))
        except (ValueError, RecursionError):  # no document: pseudonyms stand for values
            continue
        yield elements, max(ratio / unit, 1.0)


def _guessed(width: float, rows: float) -> Iterator[ElementGroup]:
    """Of what nothing but the width is known."""
    per_row = max(width / _GUESSED_ELEMENT_BYTES, 1.0)
    keys = max(rows * per_row / _GUESSED_ROWS_PER_ELEMENT, 1.0)
    yield ElementGroup(
        keys=min(keys, UNIQUE_KEYS),
        ratio=per_row / keys,
        width_bytes=_GUESSED_ELEMENT_BYTES,
    )


_OF_SEVERAL_ELEMENTS = frozenset(
    {"array_ops", "tsvector_ops", "gin__int_ops", "_ltree_ops", *EXTRACTORS}
)
"""Operator classes that take several elements out of a value."""
