"""Values of a column by how common they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.sensitivity import AskedColumns, ValueKind
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import a_table, column_statistics
from pgadvisor.whatif.parameters.common import MAX_CLASSES, Pick, common_picks

ROWS = 100_000.0
ASKED = AskedColumns(table="public.orders", columns=("tenant_id",))
TABLE = a_table("orders", "tenant_id integer", rows=ROWS)


def picks(statistics: ColumnStatistics, *, with_null: bool = False) -> tuple[Pick, ...]:
    return common_picks(statistics, ASKED, ROWS, str, with_null=with_null)


def words(statistics: ColumnStatistics, *, with_null: bool = False) -> list[str]:
    found = picks(statistics, with_null=with_null)
    return [f"{pick.value_class.words}: {pick.members[:1]}" for pick in found]


def test_sees_a_heavy_tenant_among_many_small_ones() -> None:
    row = column_statistics(
        TABLE,
        "tenant_id",
        most_common=(("7", 0.12),),
        n_distinct=10_000.0,
        histogram_bounds=("1", "5000", "9999"),
    )

    assert words(row) == [
        "a value held by 12 % of the rows: (('7',),)",
        "one of 9,999 values held by fewer than 0.01 % of the rows each: (('5000',),)",
    ]
    assert [pick.weight for pick in picks(row)] == pytest.approx([0.12, 0.88])


def test_puts_values_together_that_are_about_as_common() -> None:
    row = column_statistics(
        TABLE,
        "tenant_id",
        most_common=(("a", 0.6), ("b", 0.15), ("c", 0.13), ("d", 0.1), ("e", 0.02)),
        n_distinct=5.0,
    )

    assert words(row) == [
        "a value held by 60 % of the rows: (('a',),)",
        "one of 3 values held by 10 to 15 % of the rows each: (('c',),)",
        "a value held by 2 % of the rows: (('e',),)",
    ]


def test_knows_unique_values() -> None:
    row = column_statistics(
        TABLE, "tenant_id", n_distinct=-1.0, histogram_bounds=("1", "2", "3", "4", "5")
    )

    assert words(row) == ["one of 100,000 values held by a single row each: (('3',),)"]


def test_takes_no_value_that_is_not_there() -> None:
    row = column_statistics(TABLE, "tenant_id", most_common=(("t", 0.99), ("f", 0.01)))

    assert [pick.members for pick in picks(row)] == [(("t",),), (("f",),)]


def test_leaves_a_value_unknown_that_no_statistics_hold() -> None:
    row = column_statistics(TABLE, "tenant_id", most_common=(("7", 0.12),), n_distinct=10_000.0)

    assert words(row)[1:] == ["one of the other values: ()"]


def test_passes_over_a_rest_that_hardly_exists() -> None:
    row = column_statistics(TABLE, "tenant_id", most_common=(("7", 0.995),), n_distinct=50.0)

    assert len(picks(row)) == 1


@pytest.mark.parametrize("with_null", [True, False])
def test_asks_for_null_only_where_it_can_be_found(*, with_null: bool) -> None:
    row = column_statistics(TABLE, "tenant_id", most_common=(("7", 0.7),), null_ratio=0.3)

    kinds = [pick.value_class.kind for pick in picks(row, with_null=with_null)]

    assert (ValueKind.NULL in kinds) is with_null


def test_takes_equal_values_once() -> None:
    row = column_statistics(
        TABLE,
        "tenant_id",
        most_common=(("1.0", 0.4), ("1.00", 0.3), ("2", 0.2)),
        histogram_bounds=("1", "3", "3.0"),
        n_distinct=10.0,
    )

    found = common_picks(row, ASKED, ROWS, float)

    assert [pick.members for pick in found] == [(("1.0",), ("2",)), (("3",),)]


ratios = st.lists(st.floats(0.0001, 1.0), min_size=0, max_size=30)


@given(ratios, st.floats(0.0, 0.5), st.integers(0, 5))
def test_classes_are_few_and_hold_values_of_the_statistics_only(
    weights: list[float], null_ratio: float, bounds: int
) -> None:
    total = sum(weights) + 1.0
    shares = sorted((w / total * (1 - null_ratio) for w in weights), reverse=True)
    common = tuple((f"m{place}", share) for place, share in enumerate(shares))
    histogram = tuple(f"h{place}" for place in range(bounds)) or None
    row = column_statistics(
        TABLE, "tenant_id", most_common=common, histogram_bounds=histogram, null_ratio=null_ratio
    )

    found = picks(row, with_null=True)

    known = {(value,) for value, _ in common} | {(bound,) for bound in histogram or ()} | {(None,)}
    assert len(found) <= MAX_CLASSES + 1
    assert all(set(pick.members) <= known for pick in found)
    assert sum(pick.weight for pick in found) <= 1.0 + 1e-9
    for pick in found:
        assert 0 <= pick.value_class.low_ratio <= pick.value_class.high_ratio <= 1
