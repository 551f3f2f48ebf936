"""How ANALYZE arranges what it finds of a column in the slots of a ``pg_statistic`` row.

Kinds and their contents: ``src/include/catalog/pg_statistic.h``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.statistics.array_text import array_literal, numbers_literal
from pgadvisor.whatif.twin.statistics.value_types import ValueType

_MOST_COMMON = 1
_HISTOGRAM = 2
_CORRELATION = 3
_ELEMENTS = 4
_ELEMENT_COUNTS = 5
_RANGE_LENGTHS = 6
_RANGE_BOUNDS = 7
_NAMES = {
    _MOST_COMMON: "most-common values",
    _HISTOGRAM: "histogram bounds",
    _CORRELATION: "correlation",
    _ELEMENTS: "most-common elements",
    _ELEMENT_COUNTS: "element counts",
    _RANGE_LENGTHS: "range lengths",
    _RANGE_BOUNDS: "range bounds",
}
_FLOAT8 = ValueType(oid=701, equal_operator=670, less_operator=672)
_DEFAULT_COLLATION = 100
_MIN_BOUNDS = 2
_MIN_COUNTS = 3
"""Two counts and, at the end, their average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the twin's, of a table or of an index."""

    relation_oid: int
    number: int
    type_oid: int
    """As declared; it may be a domain."""
    collation_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One of the five slots of a row, its arrays as literals."""

    kind: int
    operator: int = 0
    collation: int = 0
    numbers: str | None = None
    values: str | None = None
    type_oid: int = 0
    """Of the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """What a row cannot hold, and why."""

    what: str
    reason: str


def slots_of(
    statistics: ColumnStatistics, column: Column, types: Mapping[int, ValueType]
) -> Iterator[Slot | Unfit]:
    """Yield the slots in ANALYZE's order, and what is left out of them.

    The planner trusts the row that it finds, so what does not belong together is left out.

    Args:
        statistics: What was found.
        column: Of what.
        types: The column's type and the one of its elements, by OID.
    """
    known = types.get(column.type_oid)
    yield from _scalar(statistics, column, known)
    yield from _elements(statistics, column, known, types)
    yield from _ranges(statistics, known)


def _scalar(
    statistics: ColumnStatistics, column: Column, known: ValueType | None
) -> Iterator[Slot | Unfit]:
    equal = known.equal_operator if known else 0
    less = known.less_operator if known else 0
    collation = column.collation_oid
    values, ratios = statistics.most_common_values, statistics.most_common_ratios
    if values:
        is_fit = bool(equal) and len(values) == len(ratios or ())
        yield _offer(_MOST_COMMON, known, equal, collation, ratios, values, is_fit=is_fit)
    bounds = statistics.histogram_bounds
    if bounds:
        is_fit = bool(less) and len(bounds) >= _MIN_BOUNDS
        yield _offer(_HISTOGRAM, known, less, collation, None, bounds, is_fit=is_fit)
    if statistics.correlation is not None:
        numbers = (statistics.correlation,)
        yield _offer(_CORRELATION, known, less, collation, numbers, None, is_fit=bool(less))


def _elements(
    statistics: ColumnStatistics,
    column: Column,
    known: ValueType | None,
    types: Mapping[int, ValueType],
) -> Iterator[Slot | Unfit]:
    of = types.get(known.element_oid) if known and known.element_oid else None
    equal = of.equal_operator if of else 0
    is_document = known is not None and known.is_document
    collation = _DEFAULT_COLLATION if is_document else column.collation_oid
    values, ratios = statistics.most_common_elements, statistics.most_common_element_ratios
    if values:
        # After the elements' ratios: the least and the greatest, and of arrays that of NULL.
        further = len(ratios or ()) - len(values)
        is_fit = bool(equal) and further == (2 if is_document else 3)
        yield _offer(_ELEMENTS, of, equal, collation, ratios, values, is_fit=is_fit)
    counts = statistics.element_count_histogram
    if counts:
        is_fit = bool(equal) and len(counts) >= _MIN_COUNTS
        yield _offer(_ELEMENT_COUNTS, of, equal, collation, counts, None, is_fit=is_fit)


def _ranges(statistics: ColumnStatistics, known: ValueType | None) -> Iterator[Slot | Unfit]:
    range_oid = known.range_oid if known else None
    bounds, lengths = statistics.range_bounds_histogram, statistics.range_length_histogram
    if bounds:
        of = replace(known, oid=range_oid) if known and range_oid else None
        yield _offer(_RANGE_BOUNDS, of, 0, 0, None, bounds, is_fit=len(bounds) >= _MIN_BOUNDS)
    if lengths or statistics.range_empty_ratio is not None:
        numbers = (statistics.range_empty_ratio or 0.0,)
        less = _FLOAT8.less_operator
        is_fit = range_oid is not None
        yield _offer(_RANGE_LENGTHS, _FLOAT8, less, 0, numbers, lengths, is_fit=is_fit)


def _offer(
    kind: int,
    of: ValueType | None,
    operator: int,
    collation: int,
    numbers: Iterable[float] | None,
    values: Sequence[str] | None,
    *,
    is_fit: bool,
) -> Slot | Unfit:
    """A slot with values of a type, if that is right and reading them is safe."""
    if of is None or not is_fit:
        return Unfit(what=_NAMES[kind], reason="they do not fit the column's type, or each other")
    if values and of.runs_code:
        return Unfit(what=_NAMES[kind], reason="reading them would run functions of the snapshot's")
    return Slot(
        kind=kind,
        operator=operator,
        collation=collation,
        numbers=numbers_literal(numbers),
        values=array_literal(values or None),
        type_oid=of.oid,
    )
