"""Combinations of values out of extended statistics."""

from __future__ import annotations

import pytest

from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.sensitivity import AskedColumns
from pgadvisor.model.statistics import CommonCombination, ExtendedValues
from pgadvisor.testing import a_table, column_statistics
from pgadvisor.whatif.parameters.common import common_picks
from pgadvisor.whatif.parameters.joint import common_combinations, joint_picks

TABLE = a_table("places", "city text", "zip text", "country text")
ASKED = AskedColumns(table="public.places", columns=("city", "zip"))


def statistics(
    *items: tuple[tuple[str | None, ...], float], columns: tuple[str, ...] = ("city", "zip")
) -> ExtendedStatistics:
    common = tuple(CommonCombination(values=v, ratio=r, base_ratio=0.0) for v, r in items)
    return ExtendedStatistics(
        oid=1,
        schema="public",
        name="place",
        table_oid=TABLE.oid,
        columns=columns,
        definition="",
        values=(ExtendedValues(most_common=common),),
    )


def test_takes_the_statistics_that_cover_most_columns() -> None:
    narrow = statistics((("Bonn", "53111"), 0.2))
    wide = statistics((("Bonn", "53111", "DE"), 0.2), columns=("city", "zip", "country"))

    found = common_combinations((narrow, wide), TABLE.oid, ("country", "city", "zip"))

    assert found is not None
    assert found.columns == ("city", "zip", "country")


def test_adds_up_over_columns_that_are_not_asked_for() -> None:
    wide = statistics(
        (("Bonn", "53111", "DE"), 0.2),
        (("Bonn", "53111", "CH"), 0.1),
        (("Bern", "3000", "CH"), 0.25),
        (("Basel", None, "CH"), 0.2),
        columns=("city", "zip", "country"),
    )

    found = common_combinations((wide,), TABLE.oid, ("zip", "city"))

    assert found is not None
    assert [values for values, _ in found.pairs] == [("Bonn", "53111"), ("Bern", "3000")]
    assert [ratio for _, ratio in found.pairs] == pytest.approx([0.3, 0.25])


@pytest.mark.parametrize(
    ("columns", "table_oid"), [(("city",), TABLE.oid), (("city", "zip"), 1), ((), TABLE.oid)]
)
def test_knows_nothing_of_other_columns(columns: tuple[str, ...], table_oid: int) -> None:
    known = statistics((("Bonn", "53111"), 0.2))

    assert common_combinations((known,), table_oid, columns) is None


def test_knows_nothing_without_values() -> None:
    assert common_combinations((statistics(),), TABLE.oid, ("city", "zip")) is None


def test_divides_combinations_by_how_common_they_are() -> None:
    known = common_combinations(
        (statistics((("Bonn", "53111"), 0.5), (("Bern", "3000"), 0.1)),), TABLE.oid, ("city", "zip")
    )
    assert known is not None
    single = [
        common_picks(
            column_statistics(TABLE, name, most_common=((common, 0.5), (rare, 0.1))),
            AskedColumns(table="public.places", columns=(name,)),
            1000.0,
            str,
        )
        for name, common, rare in (("city", "Bonn", "Bern"), ("zip", "53111", "3000"))
    ]

    found = joint_picks(known, single, ASKED, 1000.0)

    assert [(pick.members[0], round(pick.weight, 4)) for pick in found] == [
        (("Bonn", "53111"), 0.5),
        (("Bern", "3000"), 0.1),
        (("Bern", "53111"), 0.4),
    ]
    assert [pick.value_class.words for pick in found] == [
        "a combination held by 50 % of the rows",
        "a combination held by 10 % of the rows",
        "one of 4 combinations held by up to 10 % of the rows each",
    ]


def test_passes_over_combinations_that_lack_a_value() -> None:
    broken = statistics((("Bonn",), 0.2), (("Bern", "3000"), 0.0))

    found = common_combinations((broken,), TABLE.oid, ("city", "zip"))

    assert found is not None
    assert found.pairs == ((("Bern", "3000"), 0.0),)
    assert len(joint_picks(found, [(), ()], ASKED, 1000.0)) == 1
