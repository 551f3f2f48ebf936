"""Of texts that are joined only the number of values is known."""

from __future__ import annotations

import pytest

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.statistics.joined_statistics import statistics_of_joined


def column(n_distinct: float, null_ratio: float = 0.0) -> ColumnStatistics:
    return ColumnStatistics(
        relation_oid=1,
        column="a",
        n_distinct=n_distinct,
        null_ratio=null_ratio,
        average_width_bytes=10,
        most_common_values=("x",),
        most_common_ratios=(0.5,),
    )


def test_has_as_many_values_as_its_columns_have_combinations() -> None:
    found = statistics_of_joined({"a": column(20), "b": column(30)}, frozenset("ab"), 1e6)

    assert found.n_distinct == 600
    assert found.average_width_bytes == 24
    assert found.null_ratio == 0
    assert found.most_common_values is None
    assert found.histogram_bounds is None


def test_has_no_more_values_than_rows() -> None:
    found = statistics_of_joined({"a": column(-1), "b": column(30)}, frozenset("ab"), 1000)

    assert found.n_distinct == -1


def test_is_null_where_a_column_is_whose_null_shows() -> None:
    columns = {"a": column(20, 0.5), "b": column(30, 0.2)}

    assert statistics_of_joined(columns, frozenset("ab"), 1e6).null_ratio == pytest.approx(0.6)
    assert statistics_of_joined(columns, frozenset("a"), 1e6).null_ratio == pytest.approx(0.5)
    assert statistics_of_joined(columns, frozenset(), 1e6).null_ratio == 0


def test_of_an_empty_table_has_one_value() -> None:
    assert statistics_of_joined({"a": column(20)}, frozenset("a"), 0).n_distinct == 1
