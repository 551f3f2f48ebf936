"""Extended statistics: their values are those of columns, and combinations of them.

Each value gets what it gets in the statistics of its column.  A combination that few rows share
may point at one of them even where each of its values is common, so such combinations go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination, ExtendedValues
from pgadvisor.snapshotfile.coarsen import K_ROWS
from pgadvisor.snapshotfile.columns import Columns, Described
from pgadvisor.snapshotfile.sink import HiddenError
from pgadvisor.snapshotfile.statistics import StatisticsRedactor


@dataclass(frozen=True, slots=True)
class _Dimension:
    """One column, or one expression, of a statistics object."""

    row: ColumnStatistics
    """Of an expression its own statistics, of a column its values in combinations."""
    described: Described


def described_rows(
    extended: Iterable[ExtendedStatistics], columns: Columns
) -> Iterator[tuple[ColumnStatistics, Described]]:
    """Yield all values of extended statistics in the form of statistics of single columns.

    Values of combinations come without ratios, so that nothing is kept on account of them.
    """
    for one in extended:
        for values in one.values:
            for number, dimension in enumerate(_dimensions(one, values, columns)):
                yield dimension.row, dimension.described
                common = tuple(_common(values, number))
                yield replace(dimension.row, most_common_values=common), dimension.described


def redacted_values(
    one: ExtendedStatistics, redactor: StatisticsRedactor
) -> tuple[ExtendedValues, ...]:
    """Replace the values of a statistics object.

    Lists of which a value cannot be replaced are left out, and so are combinations that fewer
    than 50 rows share; numbers of columns and ratios stay.
    """
    return tuple(_redacted(one, values, redactor) for values in one.values)


def rare_combinations(one: ExtendedStatistics, values: ExtendedValues, columns: Columns) -> int:
    """How many combinations are left out as too few rows share them."""
    return len(values.most_common or ()) - len(_shared(one, values, columns))


def _redacted(
    one: ExtendedStatistics, values: ExtendedValues, redactor: StatisticsRedactor
) -> ExtendedValues:
    dimensions = _dimensions(one, values, redactor.columns)
    expressions = zip(values.expressions, dimensions[len(one.columns) :], strict=False)
    return replace(
        values,
        most_common=_combinations(_shared(one, values, redactor.columns), dimensions, redactor),
        expressions=tuple(
            None if row is None else redactor.redacted(row, dimension.described)
            for row, dimension in expressions
        ),
    )


def _combinations(
    shared: tuple[CommonCombination, ...],
    dimensions: list[_Dimension],
    redactor: StatisticsRedactor,
) -> tuple[CommonCombination, ...] | None:
    """Replace combinations; None where there are none left."""
    if not shared or any(len(one.values) != len(dimensions) for one in shared):
        return None
    ratios = [one.ratio for one in shared]
    try:
        found = [
            _replaced([one.values[number] for one in shared], ratios, dimension, redactor)
            for number, dimension in enumerate(dimensions)
        ]
    except HiddenError:
        return None
    return tuple(
        replace(one, values=values)
        for one, values in zip(shared, zip(*found, strict=True), strict=True)
    )


def _replaced(
    values: list[str | None],
    ratios: list[float],
    dimension: _Dimension,
    redactor: StatisticsRedactor,
) -> list[str | None]:
    """The values of one column or expression, replaced; NULL stays NULL."""
    known = [(v, ratio) for v, ratio in zip(values, ratios, strict=True) if v is not None]
    described = dimension.described
    found = iter(
        redactor.each(
            [value for value, _ in known],
            [ratio for _, ratio in known],
            described.shape,
            described.rows,
        )
    )
    return [None if value is None else next(found) for value in values]


def _shared(
    one: ExtendedStatistics, values: ExtendedValues, columns: Columns
) -> tuple[CommonCombination, ...]:
    rows = columns.rows(one.table_oid, is_inherited=values.is_inherited)
    return tuple(c for c in values.most_common or () if c.ratio * rows >= K_ROWS)


def _dimensions(
    one: ExtendedStatistics, values: ExtendedValues, columns: Columns
) -> list[_Dimension]:
    """The columns of the object, then its expressions, as its combinations have them."""
    empty = ColumnStatistics(
        relation_oid=one.table_oid, column="", is_inherited=values.is_inherited
    )
    found = []
    for number, name in enumerate(one.columns):
        row = replace(empty, column=name, most_common_values=tuple(_common(values, number)))
        found.append(_Dimension(row, columns.describe(row)))
    for number in range(len(one.expressions)):
        own = values.expressions[number] if number < len(values.expressions) else None
        row = own or empty
        # The type of an expression is guessed, from all of its values, once and for all.
        known = (*(row.most_common_values or ()), *_common(values, len(one.columns) + number))
        described = columns.describe_expression(replace(row, most_common_values=known))
        found.append(_Dimension(row, described))
    return found


def _common(values: ExtendedValues, number: int) -> Iterator[str]:
    """The values of one column or expression in combinations."""
    for combination in values.most_common or ():
        value = combination.values[number] if number < len(combination.values) else None
        if value is not None:
            yield value
