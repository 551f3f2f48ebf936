"""Statistics of an expression out of those of its column: grouped, ordered and counted anew."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.statistics.image_statistics import Kind, Point, statistics_of_image

ROWS = 10_000.0
COLUMN = ColumnStatistics(relation_oid=1, column="a", n_distinct=-1.0, correlation=0.5)


def points(
    function: Callable[[float], float | None], common: dict[float, float], even: list[float]
) -> list[Point]:
    """What a function makes of common values, by their shares, and of others in equal shares."""
    values = [*((v, r, Kind.COMMON) for v, r in common.items())]
    rest = 1 - sum(common.values())
    values += [(v, rest / len(even), Kind.EVEN) for v in even]
    orders = {v: n for n, v in enumerate(sorted({v for v, _, _ in values}), start=1)}
    images = sorted({r for v in orders if (r := function(v)) is not None})
    places = {image: n for n, image in enumerate(images, start=1)}
    found = []
    for value, ratio, kind in values:
        image = function(value)
        if image is None:
            found.append(Point(kind, ratio, orders[value], None, "", 0))
        else:
            found.append(Point(kind, ratio, orders[value], places[image], f"{image:g}", 4))
    return found


def derive(found: list[Point], source: ColumnStatistics = COLUMN) -> ColumnStatistics:
    return statistics_of_image(found, source, rows=ROWS, target=100, is_interpolated=True)


def test_keeps_all_of_a_column_whose_values_stay_apart() -> None:
    found = derive(points(lambda v: v * 2, {7.0: 0.25}, [float(v) for v in range(100, 300)]))

    assert found.n_distinct == -1.0
    assert found.correlation == 0.5
    assert found.most_common_values == ("14",)
    assert found.most_common_ratios == (0.25,)
    assert found.histogram_bounds is not None
    assert len(found.histogram_bounds) == 101
    assert found.histogram_bounds[0] == "200"
    assert found.histogram_bounds[-1] == "598"
    assert found.average_width_bytes == 4


def test_adds_up_what_becomes_the_same() -> None:
    source = ColumnStatistics(relation_oid=1, column="a", n_distinct=3.0, correlation=1.0)

    found = derive(points(lambda v: v // 10, {11.0: 0.5, 12.0: 0.3, 25.0: 0.2}, []), source)

    assert found.most_common_values == ("1", "2")
    assert found.most_common_ratios == pytest.approx((0.8, 0.2))
    assert found.n_distinct == 2.0
    assert found.histogram_bounds is None


def test_counts_units_that_points_have_hit_often() -> None:
    found = derive(points(lambda v: v // 100, {}, [float(v) for v in range(4000)]))

    assert found.n_distinct == 40.0
    assert found.most_common_values is not None
    assert len(found.most_common_values) == 40
    assert found.most_common_ratios == pytest.approx([1 / 40] * 40)


def test_bounds_units_that_are_too_many_to_be_most_common() -> None:
    found = derive(points(lambda v: v // 10, {}, [float(v) for v in range(4000)]))

    assert found.n_distinct == 400.0
    assert found.most_common_values is None
    assert found.histogram_bounds is not None
    assert [float(bound) for bound in found.histogram_bounds[::25]] == [0, 99, 199, 299, 399]


def test_estimates_results_that_points_have_not_all_hit() -> None:
    even = points(lambda v: v // 2, {}, [float(v) for v in range(2000)])
    draw = random.Random(1)  # noqa: S311  (the same points each time)
    drawn = [
        Point(Kind.RANDOM, 0.0, v, v % 5000, str(v), 4) for v in draw.sample(range(10_000), 1500)
    ]

    found = derive([*even, *drawn])

    # Half of ten thousand values, by a sample of a few of them.
    assert -found.n_distinct * ROWS == pytest.approx(5000, rel=0.15)
    assert found.most_common_values is None


def test_takes_the_share_of_sampled_texts_that_stay_apart() -> None:
    source = ColumnStatistics(relation_oid=1, column="a", n_distinct=500.0)
    found = statistics_of_image(
        points(lambda v: v // 2, {}, [float(v) for v in range(100)]),
        source,
        rows=ROWS,
        target=100,
        is_interpolated=False,
    )

    assert found.n_distinct == 250.0
    assert found.most_common_values is None


def test_moves_nulls_to_where_they_go() -> None:
    null = Point(Kind.NULL, 0.4, 0, 1, "0", 4)
    source = ColumnStatistics(relation_oid=1, column="a", n_distinct=2.0, null_ratio=0.4)
    rest = [Point(Kind.COMMON, 0.4, 1, 2, "1", 4), Point(Kind.COMMON, 0.2, 2, None, "", 0)]

    found = derive([null, *rest], source)

    assert found.null_ratio == pytest.approx(0.2)
    assert found.most_common_values == ("0", "1")
    assert found.most_common_ratios == pytest.approx((0.4, 0.4))


@pytest.mark.parametrize(
    ("function", "correlation"),
    [
        pytest.param(lambda v: v // 3, 0.5, id="rising"),
        pytest.param(lambda v: -v, -0.5, id="falling"),
        pytest.param(lambda v: v % 50, 0.0, id="round and round"),
    ],
)
def test_keeps_the_correlation_as_far_as_order_is_kept(
    function: Callable[[float], float], correlation: float
) -> None:
    found = derive(points(function, {}, [float(v) for v in range(4000)]))

    assert found.correlation == pytest.approx(correlation, abs=0.01)


@given(
    even=st.lists(st.integers(-1000, 1000), max_size=200, unique=True),
    common=st.dictionaries(st.integers(2000, 3000), st.floats(0.001, 0.01), max_size=30),
    divisor=st.integers(1, 3000),
)
def test_shares_never_exceed_the_whole(
    even: list[int], common: dict[int, float], divisor: int
) -> None:
    found = derive(
        points(
            lambda v: v // divisor if v % 7 else None,
            {float(v): ratio for v, ratio in common.items()},
            [float(v) for v in even],
        )
    )

    ratios = found.most_common_ratios or ()
    assert list(ratios) == sorted(ratios, reverse=True)
    assert sum(ratios) + found.null_ratio <= 1.01
    assert 0 <= found.null_ratio <= 1
    assert found.correlation is None or -1.001 <= found.correlation <= 1.001
    bounds = [float(bound) for bound in found.histogram_bounds or ()]
    assert bounds == sorted(bounds)
    assert not set(bounds) & {float(value) for value in found.most_common_values or ()}
