"""Findings and figures in words."""

from __future__ import annotations

import pytest

from pgadvisor.emit.recommendation_view import format_evidence, view_finding
from pgadvisor.model.finding import Evidence
from tests.emit.explain_sample import FINDING


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1, "rows", "1 row"),
        (2, "rows", "2 rows"),
        (0, "blocks", "0 blocks"),
        (1.0, "runs", "1.00 run"),
        (1, "", "1"),
        (2_048, "bytes", "2 kB"),
        (0.5, "ratio", "50 %"),
        (True, "", "yes"),
    ],
)
def test_a_figure_stands_with_its_unit(value: float, unit: str, shown: str) -> None:
    evidence = Evidence(name="it", value=value, unit=unit, source="here")

    assert format_evidence(evidence) == shown


def test_a_bound_is_told_as_what_one_execution_saves_at_most() -> None:
    assert view_finding(FINDING).gains == ("saves at most 152 ms of one execution",)
