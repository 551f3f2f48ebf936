"""Distinct values are told from ANALYZE's estimate, as rows are really spread."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.whatif.twin.sizes.key_shares import (
    UNIQUE_KEYS,
    Share,
    equal_shares,
    joined,
    key_groups,
    placed,
    present_keys,
)
from pgadvisor.whatif.twin.sizes.sampling import (
    Sample,
    duj1,
    estimated_distinct,
    spread_combinations,
    spread_values,
)

ROWS = 300_000
SAMPLE = Sample(rows=ROWS, sampled=30_000)


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - data that are the same each time


def analysed(values: list[int]) -> tuple[float, list[float]]:
    """What ANALYZE estimates of a column, and the parts of the hundred most common values."""
    sample = drawing(4711).sample(values, 30_000)
    counts = Counter(sample)
    once = sum(count == 1 for count in counts.values())
    estimate = duj1(SAMPLE, distinct=len(counts), once=once)
    return estimate, [count / len(sample) for _, count in counts.most_common(100)]


def test_tells_values_that_were_drawn_at_random() -> None:
    draw = drawing(1)
    values = [draw.randrange(100_000) for _ in range(ROWS)]
    estimate, _ = analysed(values)

    shares = spread_values(estimate, SAMPLE, (), 1.0, is_cut=False)

    assert estimate < 0.85 * len(set(values))
    assert present_keys(shares, ROWS) == pytest.approx(len(set(values)), rel=0.05)


def test_tells_values_of_which_few_have_most_rows() -> None:
    draw = drawing(2)
    values = [int(60_000 ** draw.random()) for _ in range(ROWS)]
    estimate, common = analysed(values)

    shares = spread_values(estimate, SAMPLE, common, 1 - sum(common), is_cut=True)

    assert estimate < 0.7 * len(set(values))
    assert present_keys(shares, ROWS) == pytest.approx(len(set(values)), rel=0.1)


def test_takes_a_count_of_all_rows_for_what_it_is() -> None:
    counted = Sample(rows=10_000, sampled=10_000)

    shares = spread_values(700, counted, (0.2, 0.1), 0.7, is_cut=False)

    assert present_keys(shares, 10_000) == pytest.approx(700, rel=0.001)


def test_knows_unique_values() -> None:
    assert spread_values(ROWS, SAMPLE, (), 1.0, is_cut=False) == (
        Share(keys=UNIQUE_KEYS, mass=1.0),
    )


def test_splits_a_column_into_as_many_combinations_as_were_estimated() -> None:
    first = equal_shares(20_000)
    real = equal_shares(80_000)

    shares = spread_combinations(first, estimated_distinct(real, SAMPLE), SAMPLE)

    assert present_keys(shares, ROWS) == pytest.approx(present_keys(real, ROWS), rel=0.001)


def test_combines_columns_with_their_nulls() -> None:
    first = equal_shares(10, null_ratio=0.5)
    second = equal_shares(100, null_ratio=0.2)

    shares = joined(first, placed(second, 1))

    masses = Counter[int]()
    for share in shares:
        masses[share.nulls] += share.mass  # type: ignore[assignment]  # parts of a whole
    assert masses == pytest.approx({0: 0.4, 1: 0.4, 2: 0.1, 3: 0.1})
    assert sum(share.keys for share in shares) == pytest.approx(11 * 101)


@given(
    rows=st.floats(1, 1e9),
    distinct=st.floats(1, 1e9),
    null_ratio=st.floats(0, 1),
    common=st.lists(st.floats(0.0001, 0.1), max_size=9),
)
def test_groups_hold_all_rows(
    rows: float, distinct: float, null_ratio: float, common: list[float]
) -> None:
    ratios = [ratio * (1 - null_ratio) for ratio in common]
    shares = equal_shares(distinct, null_ratio=null_ratio, common_ratios=ratios)

    held = sum(group.keys * group.rows for group in key_groups(shares, rows))

    assert held == pytest.approx(rows, rel=0.01, abs=1e-6)


@pytest.mark.parametrize("rows_each", [2, 4, 30, 200])
def test_tells_values_whose_rows_lie_together(rows_each: int) -> None:
    draw, per_page = drawing(3), 20
    values = sorted(draw.choices(range(4 * ROWS // rows_each), k=4 * ROWS))
    pages = [values[at : at + per_page] for at in range(0, len(values), per_page)]
    drawn = [value for page in draw.sample(pages, 30_000) for value in page]
    counts = Counter(draw.sample(drawn, 30_000))
    sample = Sample(rows=len(values), sampled=30_000, pages=len(pages))
    once = sum(count == 1 for count in counts.values())
    estimate = duj1(sample, distinct=len(counts), once=once)

    shares = spread_values(estimate, sample, (), 1.0, is_cut=False)

    assert present_keys(shares, len(values)) == pytest.approx(len(set(values)), rel=0.1)
    if rows_each < 30:
        assert estimate < 0.7 * len(set(values))


def test_where_a_row_of_every_page_is_looked_at_it_makes_no_difference_where_they_lie() -> None:
    apart = Sample(rows=ROWS, sampled=30_000)
    together = Sample(rows=ROWS, sampled=30_000, pages=30_000)

    assert spread_values(5_000, apart, (), 1.0, is_cut=False) == spread_values(
        5_000, together, (), 1.0, is_cut=False
    )
