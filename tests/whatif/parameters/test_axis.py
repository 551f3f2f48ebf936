"""Axes: what may be combined, and how it is kept to a few."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.sensitivity import AskedColumns, ValueClass, ValueKind
from pgadvisor.whatif.parameters.axis import MAX_SAMPLES, Axis, Stratum, narrowed, scaled

ASKED = AskedColumns(table="public.orders", columns=("tenant_id",))


def stratum(ratio: float, weight: float, value: str = "x", number: int = 1) -> Stratum:
    asked = ValueClass(asked=ASKED, kind=ValueKind.VALUE, low_ratio=ratio, high_ratio=ratio)
    return Stratum(value_class=asked, weight=weight, values=((number, value),))


def test_puts_together_what_differs_least() -> None:
    axis = Axis(
        strata=(stratum(0.5, 0.5, "a"), stratum(0.1, 0.2, "b"), stratum(0.08, 0.3, "c")),
    )

    [found] = narrowed((axis,), 2)

    assert [(s.values[0][1], s.weight) for s in found.strata] == [("a", 0.5), ("c", 0.5)]
    assert found.strata[1].value_class.words == "one of 2 values held by 8 to 10 % of the rows each"


def test_leaves_alone_what_is_few_enough() -> None:
    axis = Axis(strata=(stratum(0.5, 0.5), stratum(0.1, 0.5)))

    assert narrowed((axis, axis)) == (axis, axis)


def test_gives_equal_weights_where_there_are_none() -> None:
    assert [s.weight for s in scaled((stratum(0.1, 0.0), stratum(0.2, 0.0)))] == [0.5, 0.5]


strata = st.lists(
    st.tuples(st.floats(0.0, 1.0), st.floats(0.001, 1.0)).map(lambda pair: stratum(*pair)),
    min_size=1,
    max_size=5,
).map(lambda found: Axis(strata=scaled(found)))


@given(st.lists(strata, max_size=6))
def test_combinations_stay_few_and_weights_sum_to_one(axes: list[Axis]) -> None:
    found = narrowed(axes)

    assert len(found) == len(axes)
    assert math.prod(len(axis.strata) for axis in found) <= MAX_SAMPLES
    for axis, wider in zip(found, axes, strict=True):
        assert sum(s.weight for s in axis.strata) == pytest.approx(1.0)
        assert axis.parameters <= wider.parameters
