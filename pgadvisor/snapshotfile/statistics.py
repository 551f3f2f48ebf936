"""Statistics of columns: which values stay, and what becomes of the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import K_ROWS, is_endless, read_number
from pgadvisor.snapshotfile.columns import Columns, Described
from pgadvisor.snapshotfile.containers import join_range, split_range
from pgadvisor.snapshotfile.forms import form_of
from pgadvisor.snapshotfile.sink import HiddenError, Sink
from pgadvisor.snapshotfile.types import Category, Shape
from pgadvisor.snapshotfile.values import ValueRedactor

MAX_DISTINCT = 100
"""A column with more different values than that is no status and no type."""

_STATUS = re.compile(r"[^\W_][\w .:/+-]{0,31}")
_MAX_DIGITS = 4
_MAX_BLANKS = 3
_INEXACT = frozenset({Category.NUMBER, Category.MOMENT})


def looks_like_status(text: str) -> bool:
    """Whether a text may be the name of a status or a type: a few short words, hardly a digit."""
    return (
        _STATUS.fullmatch(text) is not None
        and sum(character.isdigit() for character in text) <= _MAX_DIGITS
        and text.count(" ") <= _MAX_BLANKS
    )


def kept_texts(statistics: Iterable[tuple[ColumnStatistics, Described]]) -> frozenset[str]:
    """Texts that so many rows share, in a column of so few values, that they are nobody's."""
    kept: set[str] = set()
    hidden: set[str] = set()
    for row, described in statistics:
        if described.is_named:
            # Hidden there, so hidden everywhere: equal values stay equal.
            hidden |= _values_of(row)
        elif described.shape.category is Category.TEXT:
            if row.distinct_count(described.rows) <= MAX_DISTINCT:
                kept |= _shared(row.most_common_values, row.most_common_ratios, described.rows)
        elif (
            _is_text_array(described.shape) and len(row.most_common_elements or ()) <= MAX_DISTINCT
        ):
            kept |= _shared(
                row.most_common_elements, row.most_common_element_ratios, described.rows
            )
    return frozenset(value for value in kept - hidden if looks_like_status(value))


@dataclass(frozen=True, slots=True)
class StatisticsRedactor:
    """Replaces the values of statistics.

    Args:
        columns: What the statistics are about.
        values: Replaces single values.
        keeps_shared: Numbers and moments that enough rows share stay as they are.
    """

    columns: Columns
    values: ValueRedactor
    keeps_shared: bool

    def redacted(self, row: ColumnStatistics, described: Described) -> ColumnStatistics:
        """Replace the values of one row of statistics.

        Lists of which a value cannot be replaced are left out; the widths and ratios stay.
        """
        common, ratios = self._common(row, described)
        elements, element_ratios = self._elements(row, described)
        return replace(
            row,
            most_common_values=common,
            most_common_ratios=ratios,
            histogram_bounds=self._whole(self._histogram, row, described),
            most_common_elements=elements,
            most_common_element_ratios=element_ratios,
            range_length_histogram=self._whole(self._lengths, row, described),
            range_bounds_histogram=self._whole(self._range_bounds, row, described),
        )

    @property
    def _sink(self) -> Sink:
        return self.values.sink

    def _whole(
        self,
        made: Callable[[ColumnStatistics, Described], tuple[str, ...] | None],
        row: ColumnStatistics,
        described: Described,
    ) -> tuple[str, ...] | None:
        try:
            return made(row, described)
        except HiddenError:
            return None

    def _common(
        self, row: ColumnStatistics, described: Described
    ) -> tuple[tuple[str, ...] | None, tuple[float, ...] | None]:
        if row.most_common_values is None:
            return None, row.most_common_ratios
        ratios = row.most_common_ratios or ()
        try:
            values = self.each(row.most_common_values, ratios, described.shape, described.rows)
        except HiddenError:
            return None, None
        return tuple(values), row.most_common_ratios

    def _elements(
        self, row: ColumnStatistics, described: Described
    ) -> tuple[tuple[str, ...] | None, tuple[float, ...] | None]:
        """Elements stand in the order of their type, as the planner searches among them."""
        if row.most_common_elements is None:
            return None, row.most_common_element_ratios
        ratios = row.most_common_element_ratios or ()
        try:
            shape = _element_shape(described.shape)
            values = self.each(row.most_common_elements, ratios, shape, described.rows)
        except HiddenError:
            return None, None
        if len(ratios) < len(values):
            return tuple(values), row.most_common_element_ratios
        key = _lexeme_key if described.shape.category is Category.WORDS else _order_of(shape)
        try:
            pairs = sorted(zip(values, ratios, strict=False), key=lambda pair: key(pair[0]))
        except ValueError:
            return None, None
        # What follows the elements' own are the least and the greatest of them.
        return (
            tuple(value for value, _ in pairs),
            (*(ratio for _, ratio in pairs), *ratios[len(values) :]),
        )

    def each(
        self, values: Sequence[str], ratios: Sequence[float], shape: Shape, rows: float
    ) -> list[str]:
        """Replace values of which each is held by a share of so many rows.

        Raises:
            HiddenError: One of them cannot be replaced by another one of its type.
        """
        replaced = self.values.value
        if not self.keeps_shared or shape.category not in _INEXACT:
            return [replaced(shape, value) for value in values]
        known = (*ratios, *([0.0] * len(values)))
        found = []
        for value, ratio in zip(values, known, strict=False):
            if ratio * rows >= K_ROWS and _is_of(shape, value):
                self._sink.keep()
                found.append(value)
            else:
                found.append(replaced(shape, value))
        return found

    def _histogram(self, row: ColumnStatistics, described: Described) -> tuple[str, ...] | None:
        if row.histogram_bounds is None:
            return None
        shape, bounds = described.shape, row.histogram_bounds
        if shape.category in _INEXACT:
            return self._coarse(shape, bounds, _rows_per_bin(row, described.rows, len(bounds)))
        values = [self.values.value(shape, value) for value in bounds]
        if shape.category is Category.JSON:
            # Pseudonyms of keys and strings do not sort as the originals do.
            values.sort(key=json_order)
        return tuple(values)

    def _coarse(self, shape: Shape, bounds: Sequence[str], rows_per_bin: float) -> tuple[str, ...]:
        if shape.category is Category.NUMBER:
            return self._sink.number_bounds(bounds, rows_per_bin, is_integer=shape.is_integer)
        return self._sink.moment_bounds(shape.kind, bounds, rows_per_bin)

    def _lengths(self, row: ColumnStatistics, described: Described) -> tuple[str, ...] | None:
        if row.range_length_histogram is None:
            return None
        rows_per_bin = _rows_per_bin(row, described.rows, len(row.range_length_histogram))
        return self._sink.number_bounds(row.range_length_histogram, rows_per_bin, is_integer=False)

    def _range_bounds(self, row: ColumnStatistics, described: Described) -> tuple[str, ...] | None:
        """Lower and upper bounds are two histograms of their own, written as one of ranges."""
        if row.range_bounds_histogram is None:
            return None
        if described.shape.category is not Category.RANGE:
            raise HiddenError
        ranges = [split_range(text) for text in row.range_bounds_histogram]
        found = [found for found in ranges if found is not None]
        if len(found) < len(ranges):
            raise HiddenError
        part = described.shape.parts[0]
        rows_per_bin = _rows_per_bin(row, described.rows, len(found))
        lower = self._one_side(part, [bounds[1] for bounds in found], rows_per_bin)
        upper = self._one_side(part, [bounds[2] for bounds in found], rows_per_bin)
        # Both brackets closed: no range of equal bounds is empty, which the planner refuses.
        return tuple(
            join_range(
                "(" if low is None else "[",
                low,
                _not_below(part, high, low),
                ")" if high is None else "]",
            )
            for low, high in zip(lower, upper, strict=True)
        )

    def _one_side(
        self, part: Shape, bounds: Sequence[str | None], rows_per_bin: float
    ) -> list[str | None]:
        finite = [bound for bound in bounds if bound is not None]
        if part.category in _INEXACT:
            coarse = iter(self._coarse(part, finite, rows_per_bin))
        else:
            coarse = iter([self.values.value(part, bound) for bound in finite])
        return [None if bound is None else next(coarse) for bound in bounds]


def json_order(text: str) -> tuple[Any, ...]:
    """A key that sorts the text forms of jsonb values as PostgreSQL sorts the values."""
    return _json_key(json.loads(text, parse_int=Decimal, parse_float=Decimal))


def _json_key(value: Any) -> tuple[Any, ...]:  # noqa: ANN401  (any JSON value)
    match value:
        case None:
            return (0,)
        case str():
            return (1, value)
        case bool():
            return (3, value)
        case Decimal():
            return (2, value)
        case list():
            return (4, len(value), tuple(map(_json_key, value)))
        case _:
            # Keys are kept by length first.
            items = sorted(value.items(), key=lambda item: (len(item[0].encode()), item[0]))
            return (5, len(items), tuple((key, _json_key(item)) for key, item in items))


def _not_below(shape: Shape, upper: str | None, lower: str | None) -> str | None:
    """The two sides were rounded differently, and a range must not end before it begins."""
    if upper is None or lower is None:
        return upper
    try:
        key = _order_of(shape)
        return lower if key(upper) < key(lower) else upper
    except ValueError:
        # Infinity is where it was.
        return upper


def _is_of(shape: Shape, value: str) -> bool:
    """Whether a value is the number or the moment that its column holds, and no other text."""
    if shape.category is Category.NUMBER and is_endless(value):
        return True
    if shape.category is Category.MOMENT and moments.is_timeless(value):
        return True
    try:
        _order_of(shape)(value)
    except ValueError:
        return False
    return True


def _lexeme_key(value: str) -> tuple[int, bytes]:
    return len(value.encode()), value.encode()


def _order_of(shape: Shape) -> Callable[[str], Any]:
    match shape.category:
        case Category.NUMBER:
            return read_number
        case Category.MOMENT:
            return lambda text: moments.read(shape.kind, text)
        case Category.ORDERED:
            return form_of(shape.kind).key
        case _:
            return str


def _element_shape(shape: Shape) -> Shape:
    if shape.category is Category.ARRAY:
        return shape.parts[0]
    if shape.category is Category.WORDS:
        return replace(shape, category=Category.TEXT)
    raise HiddenError


def _is_text_array(shape: Shape) -> bool:
    return shape.category is Category.ARRAY and shape.parts[0].category is Category.TEXT


def _rows_per_bin(row: ColumnStatistics, rows: float, bounds: int) -> float:
    common = sum(row.most_common_ratios or ())
    return rows * max(1.0 - row.null_ratio - common, 0.0) / max(bounds - 1, 1)


def _shared(values: Sequence[str] | None, ratios: Sequence[float] | None, rows: float) -> set[str]:
    pairs = zip(values or (), ratios or (), strict=False)
    return {value for value, ratio in pairs if ratio * rows >= K_ROWS}


def _values_of(row: ColumnStatistics) -> set[str]:
    return {
        *(row.most_common_values or ()),
        *(row.histogram_bounds or ()),
        *(row.most_common_elements or ()),
    }
