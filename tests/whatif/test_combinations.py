"""Combinations of columns are counted by all that a snapshot tells of them."""

from __future__ import annotations

import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.reference import Reference
from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.testing.schema import a_foreign_key, a_table, an_index
from pgadvisor.testing.snapshot import SnapshotPart, a_snapshot
from pgadvisor.whatif.twin.sizes.combinations import Combinations, Spread
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.key_shares import equal_shares, present_keys
from pgadvisor.whatif.twin.sizes.sampling import Sample

ROWS = 1_000_000
TABLE = a_table("lines", "part integer", "supplier integer", "day date", rows=ROWS)
WHOLE = Sample(rows=ROWS, sampled=ROWS)
PARTS, SUPPLIERS, DAYS = 2_000, 300, 50


def spread(
    *objects: SnapshotPart,
    names: tuple[str, ...] = ("part", "supplier"),
    references: tuple[Reference, ...] = (),
) -> Spread:
    distinct = {"part": PARTS, "supplier": SUPPLIERS, "day": DAYS, "": 7}
    keys = [KeyStatistics(width_bytes=4, shares=equal_shares(distinct[name])) for name in names]
    catalog = Catalog(a_snapshot(TABLE, *objects))
    return Combinations(catalog, lambda _table: WHOLE, references).spread(TABLE, names, keys)


def extended(
    *, n_distinct: str | None = None, dependencies: str | None = None
) -> ExtendedStatistics:
    return ExtendedStatistics(
        oid=99,
        schema="public",
        name="s",
        table_oid=TABLE.oid,
        definition="",
        n_distinct=n_distinct,
        dependencies=dependencies,
    )


def count(found: Spread) -> float:
    return present_keys(found.shares, ROWS)


def test_columns_of_which_nothing_is_known_are_independent_or_the_same() -> None:
    found = spread()

    assert count(found) == pytest.approx(486_000, rel=0.01)
    assert found.least is not None
    assert present_keys(found.least, ROWS) == pytest.approx(PARTS)


def test_a_unique_index_on_some_of_them_makes_all_different() -> None:
    unique = an_index(TABLE, "supplier", "part", is_unique=True)

    found = spread(unique, names=("part", "day", "supplier"))

    assert count(found) == pytest.approx(ROWS)
    assert found.least is None


def test_a_unique_index_on_others_or_on_some_rows_tells_nothing() -> None:
    others = an_index(TABLE, "part", "day", is_unique=True)
    some = an_index(TABLE, "part", "supplier", name="some", is_unique=True, predicate="day > now()")

    assert count(spread(others, some)) == count(spread())


def test_takes_what_extended_statistics_have_counted() -> None:
    found = spread(extended(n_distinct='{"1, 2": 8000, "1, 3": 9}'))

    assert count(found) == pytest.approx(8_000, rel=0.01)
    assert found.least is None


def test_multiplies_a_counted_group_with_what_is_left() -> None:
    found = spread(extended(n_distinct='{"1, 2": 8000}'), names=("part", "supplier", "day"))

    assert count(found) == pytest.approx(367_000, rel=0.01)
    assert found.least is not None
    assert present_keys(found.least, ROWS) == pytest.approx(8_000, rel=0.01)


def test_leaves_out_columns_that_others_determine() -> None:
    found = spread(extended(dependencies='{"1 => 2": 1.000000, "2 => 1": 0.998000}'))

    assert count(found) == pytest.approx(PARTS)
    assert found.least is None


def test_passes_over_dependencies_that_are_weak_or_have_expressions() -> None:
    weak = extended(dependencies='{"1 => 2": 0.500000, "-1 => 2": 1.000000}')

    assert count(spread(weak)) == count(spread())


def test_a_foreign_key_to_combinations_has_no_more_than_there_are() -> None:
    pairs = a_table("pairs", "part integer", "supplier integer", rows=8_000)
    key = a_foreign_key(TABLE, ("part", "supplier"), pairs, ("part", "supplier"))

    assert count(spread(pairs, key)) == pytest.approx(8_000, rel=0.01)


def test_columns_that_statements_join_to_another_table_have_no_more_and_may_have_less() -> None:
    pairs = a_table("pairs", "part integer", "supplier integer", rows=8_000)
    reference = Reference(
        table_oid=TABLE.oid,
        columns=frozenset({"part", "supplier"}),
        referenced_table_oid=pairs.oid,
    )

    found = spread(pairs, references=(reference,))

    assert count(found) == pytest.approx(8_000, rel=0.01)
    assert found.least is not None
    assert present_keys(found.least, ROWS) == pytest.approx(PARTS)


def test_statistics_are_believed_before_statements() -> None:
    pairs = a_table("pairs", "part integer", "supplier integer", rows=8_000)
    reference = Reference(
        table_oid=TABLE.oid,
        columns=frozenset({"part", "supplier"}),
        referenced_table_oid=pairs.oid,
    )

    found = spread(pairs, extended(n_distinct='{"1, 2": 5000}'), references=(reference,))

    assert count(found) == pytest.approx(5_000, rel=0.01)
    assert found.least is None


def test_an_expression_is_combined_like_a_column() -> None:
    found = spread(names=("part", ""))

    assert count(found) == pytest.approx(7 * PARTS, rel=0.01)
