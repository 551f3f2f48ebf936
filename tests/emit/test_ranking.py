"""The statements of an analysis as a table."""

from __future__ import annotations

import math

from pgadvisor.emit.ranking import ranking
from tests.emit.sample import an_advice, an_empty_advice


def test_ranks_statements_by_the_time_they_take() -> None:
    table = ranking(an_advice())

    assert list(table.index) == ["1", "2", "daily.sql"]
    assert list(table.columns) == [
        "calls",
        "total_time_ms",
        "mean_time_ms",
        "share_of_time_ratio",
        "saved_ms_per_day",
        "cost_before",
        "cost_after",
        "text",
    ]
    assert table.loc["1", "share_of_time_ratio"] == 250_000 / 255_000
    assert table.loc["1", "cost_after"] == 8.31
    assert table.loc["daily.sql", "calls"] == 3.0


def test_has_no_figure_where_nothing_was_costed() -> None:
    table = ranking(an_advice())

    assert math.isnan(table["saved_ms_per_day"]["daily.sql"])
    assert table["saved_ms_per_day"]["2"] == 0.8 * 500.0 * 0.4


def test_of_nothing_is_an_empty_table() -> None:
    table = ranking(an_empty_advice())

    assert table.empty
    assert str(table["saved_ms_per_day"].dtype) == "float64"
