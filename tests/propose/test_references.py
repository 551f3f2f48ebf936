"""Undeclared foreign keys are told from joins over several columns to the same values."""

from __future__ import annotations

import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.references import implied_references
from pgadvisor.testing import a_snapshot, a_table, column_statistics

LINES = a_table("lines", "part integer", "supplier integer", "day date", rows=1_000_000)
OFFERS = a_table("offers", "part integer", "supplier integer", "price integer", rows=80_000)
JOINED = "select price from lines l join offers o on {} where day = $1"
BOTH = "l.part = o.part and l.supplier = o.supplier"


def implied_by(condition: str, *, parts: float = 20_000, offered: float = 19_000) -> object:
    catalog = Catalog(
        a_snapshot(
            LINES,
            OFFERS,
            column_statistics(LINES, "part", n_distinct=parts),
            column_statistics(LINES, "supplier", n_distinct=1_000),
            column_statistics(OFFERS, "part", n_distinct=offered),
            column_statistics(OFFERS, "supplier", n_distinct=-1_000 / 80_000),
        )
    )
    usage = usage_of("1", JOINED.format(condition), catalog)
    assert usage is not None
    return implied_references([usage, usage], catalog)


def test_a_join_over_two_columns_to_a_smaller_table_is_a_reference() -> None:
    assert implied_by(BOTH) == (
        Reference(
            table_oid=LINES.oid,
            columns=frozenset({"part", "supplier"}),
            referenced_table_oid=OFFERS.oid,
        ),
    )


@pytest.mark.parametrize(
    "condition",
    [
        "l.part = o.part",
        "l.part = o.part and l.supplier > o.supplier",
        "l.part = o.part and l.part = o.supplier",
        "l.part = o.part and o.supplier = 7",
    ],
)
def test_less_than_two_columns_that_are_equal_tell_nothing(condition: str) -> None:
    assert implied_by(condition) == ()


def test_a_table_that_lacks_most_of_the_values_is_not_referred_to() -> None:
    assert implied_by(BOTH, offered=50) == ()


def test_a_table_that_may_lack_values_by_a_guess_of_analyze_alone_is_referred_to() -> None:
    assert implied_by(BOTH, parts=1.25 * 19_000)
    assert not implied_by(BOTH, parts=1.26 * 19_000)


def test_columns_without_statistics_tell_nothing() -> None:
    catalog = Catalog(a_snapshot(LINES, OFFERS))
    usage = usage_of("1", JOINED.format(BOTH), catalog)
    assert usage is not None

    assert implied_references([usage], catalog) == ()
