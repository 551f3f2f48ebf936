"""How many workers an analysis gives its twin."""

from __future__ import annotations

import pytest

from pgadvisor.whatif.twin.workers import worth_having


@pytest.mark.parametrize(
    ("statements", "processors", "workers"),
    [(0, 8, 1), (199, 8, 1), (200, 8, 2), (200, 1, 1), (10_000, 2, 2), (10_000, 64, 4)],
)
def test_workers_are_worth_having_for_many_statements_on_several_processors(
    statements: int, processors: int, workers: int
) -> None:
    assert worth_having(statements, processors) == workers
