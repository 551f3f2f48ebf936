"""What becomes of the values of statistics at each level."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgadvisor.errors import UsageError
from pgadvisor.model.schema import Function, TypeKind, UserType
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.snapshotfile import Level, mentions_pseudonym, redact
from pgadvisor.testing import (
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)

KEY = b"k" * 32


def _column(type_name: str, *, rows: float = 1_000_000, **fields: Any) -> Snapshot:  # noqa: ANN401
    """A snapshot of one column with these statistics."""
    table = a_table("orders", f"value {type_name}", rows=rows)
    return a_snapshot(table, column_statistics(table, "value", **fields))


def _statistics(snapshot: Snapshot, level: Level = "default", *columns: str) -> ColumnStatistics:
    return redact(snapshot, level, columns=columns, key=KEY).column_statistics[0]


def _list(values: tuple[str, ...] | None) -> list[str]:
    return list(values or ())


def test_statuses_stay_readable() -> None:
    snapshot = _column("text", most_common=[("pending", 0.001), ("done", 0.9)])

    assert _statistics(snapshot).most_common_values == ("pending", "done")


@pytest.mark.parametrize(
    ("value", "ratio", "rows", "n_distinct"),
    [
        pytest.param("pending", 0.000_049, 1_000_000, 3.0, id="shared-by-49-rows"),
        pytest.param("pending", 0.5, 1_000_000, 101.0, id="too-many-different-values"),
        pytest.param("pending", 0.5, 1_000_000, -0.5, id="a-share-of-the-rows"),
        pytest.param("pending", 0.5, 90, 3.0, id="too-few-rows"),
        pytest.param("pending", 0.5, -1, 3.0, id="nobody-knows-how-many-rows"),
        pytest.param("ann@example.org", 0.5, 1_000_000, 3.0, id="an-address"),
        pytest.param("+49 170 1234567", 0.5, 1_000_000, 3.0, id="a-phone-number"),
        pytest.param("Meet me at the bar tonight", 0.5, 1_000_000, 3.0, id="a-sentence"),
        pytest.param("x" * 33, 0.5, 1_000_000, 3.0, id="too-long"),
    ],
)
def test_other_texts_become_pseudonyms(
    value: str, ratio: float, rows: float, n_distinct: float
) -> None:
    snapshot = _column("text", rows=rows, most_common=[(value, ratio)], n_distinct=n_distinct)

    [found] = _list(_statistics(snapshot).most_common_values)

    assert mentions_pseudonym(found)


def test_exactly_fifty_rows_are_enough() -> None:
    snapshot = _column("text", most_common=[("pending", 0.000_05)], n_distinct=100.0)

    assert _statistics(snapshot).most_common_values == ("pending",)


def test_nothing_stays_because_it_is_shared_at_level_all() -> None:
    snapshot = _column("text", most_common=[("pending", 0.1), ("done", 0.9)])

    values = _list(_statistics(snapshot, "all").most_common_values)

    assert len(set(values)) == 2
    assert all(mentions_pseudonym(value) for value in values)


@pytest.mark.parametrize("level", ["default", "all"])
def test_labels_of_enums_and_booleans_stay(level: Level) -> None:
    size = UserType(
        oid=1, schema="public", name="size", kind=TypeKind.ENUM, labels=("small", "big")
    )
    table = a_table("orders", "size public.size", "is_done boolean")
    snapshot = a_snapshot(
        table,
        size,
        column_statistics(table, "size", most_common=[("big", 0.000_01)]),
        column_statistics(table, "is_done", most_common=[("t", 0.9), ("f", 0.1)]),
        a_statement("select 1 from orders where size = 'big'"),
    )

    found = redact(snapshot, level)

    assert found.column_statistics == snapshot.column_statistics
    assert found.statements == snapshot.statements


@pytest.mark.parametrize("type_name", ["uuid", "inet", "bytea", "jsonb"])
def test_values_that_are_no_words_are_hidden_however_many_rows_share_them(type_name: str) -> None:
    value = {
        "uuid": "c0ffee00-1234-4321-abcd-0123456789ab",
        "inet": "203.0.113.77",
        "bytea": "\\xc0ffee",
        "jsonb": '{"plan": "gold"}',
    }[type_name]
    snapshot = _column(type_name, most_common=[(value, 0.5)])

    [found] = _list(_statistics(snapshot).most_common_values)

    assert found != value


def test_shared_tags_stay() -> None:
    snapshot = _column(
        "text[]",
        most_common_elements=("rare", "red", "urgent"),
        most_common_element_ratios=(0.000_01, 0.2, 0.3, 0.000_01, 0.3, 0.0),
    )

    found = _statistics(snapshot)

    elements, ratios = _list(found.most_common_elements), found.most_common_element_ratios
    assert elements[1:] == ["red", "urgent"]
    assert elements[0] < "red"
    assert ratios == (0.000_01, 0.2, 0.3, 0.000_01, 0.3, 0.0)


def test_elements_stay_sorted_with_their_ratios() -> None:
    snapshot = _column(
        "integer[]",
        most_common_elements=("123456", "123999", "130000"),
        most_common_element_ratios=(0.5, 0.000_01, 0.4, 0.000_01, 0.5, 0.0),
    )

    found = _statistics(snapshot)

    assert found.most_common_elements == ("120000", "123456", "130000")
    assert found.most_common_element_ratios == (0.000_01, 0.5, 0.4, 0.000_01, 0.5, 0.0)


def test_lexemes_are_sorted_by_length_first() -> None:
    snapshot = _column(
        "tsvector",
        most_common_elements=("b", "aa", "ccc"),
        most_common_element_ratios=(0.1, 0.2, 0.3, 0.1, 0.3),
    )

    elements = _list(_statistics(snapshot).most_common_elements)

    assert list(elements) == sorted(elements, key=lambda e: (len(e), e))
    assert not {"b", "aa", "ccc"} & set(elements)


def test_numbers_that_enough_rows_share_stay_and_others_lose_digits() -> None:
    snapshot = _column("bigint", most_common=[("123456", 0.5), ("654321", 0.000_01)])

    assert _statistics(snapshot).most_common_values == ("123456", "650000")
    assert _statistics(snapshot, "all").most_common_values == ("120000", "650000")


def test_a_named_column_keeps_nothing() -> None:
    snapshot = _column("integer", most_common=[("7", 0.5), ("123456", 0.4), ("1234567", 0.1)])

    found = [
        int(value) for value in _list(_statistics(snapshot, "default", "value").most_common_values)
    ]

    assert found == sorted(set(found))
    assert not {7, 123_456, 120_000} & set(found)


@pytest.mark.parametrize("name", ["value", "orders.value", "public.orders.value"])
def test_a_column_can_be_named_in_three_ways(name: str) -> None:
    snapshot = _column("text", most_common=[("pending", 0.5), ("done", 0.5)])

    values = _list(_statistics(snapshot, "default", name).most_common_values)

    assert all(mentions_pseudonym(value) for value in values)


@pytest.mark.parametrize("name", ["valu", "order.value", "other.orders.value", "", "orders"])
def test_a_column_that_does_not_exist_is_an_error(name: str) -> None:
    with pytest.raises(UsageError, match="there is no column called"):
        redact(_column("text"), "default", columns=[name])


def test_columns_cannot_be_hidden_at_level_none() -> None:
    with pytest.raises(UsageError, match="at a level that hides nothing"):
        redact(_column("text"), "none", columns=["value"])


def test_a_named_column_of_a_partitioned_table_is_hidden_in_its_partitions() -> None:
    parent = a_table("orders", "status text")
    child = a_table("orders_1", "status text", parent_oids=(parent.oid,))
    shared = [("pending", 0.5), ("done", 0.5)]
    snapshot = a_snapshot(parent, child, column_statistics(child, "status", most_common=shared))

    values = _list(_statistics(snapshot, "default", "orders.status").most_common_values)

    assert all(mentions_pseudonym(value) for value in values)


def test_what_is_hidden_in_one_column_is_hidden_in_every_one() -> None:
    orders, customers = a_table("orders", "customer text"), a_table("customers", "name text")
    snapshot = a_snapshot(
        orders,
        customers,
        column_statistics(orders, "customer", most_common=[("Acme", 0.5)]),
        column_statistics(customers, "name", most_common=[("Acme", 0.5)]),
        a_statement("select 1 from orders where customer = 'Acme'"),
    )

    found = redact(snapshot, "default", columns=["customers.name"], key=KEY)

    [one], [other] = (_list(row.most_common_values) for row in found.column_statistics)
    assert one == other
    assert found.statements[0].text == f"select 1 from orders where customer = '{one}'"


def test_inherited_statistics_count_the_rows_of_the_partitions() -> None:
    parent = a_table("orders", "status text", rows=-1)
    children = [a_table(f"o{n}", "status text", rows=30, parent_oids=(parent.oid,)) for n in (1, 2)]
    row = column_statistics(parent, "status", most_common=[("pending", 1.0)], is_inherited=True)

    assert _statistics(a_snapshot(parent, *children, row)).most_common_values == ("pending",)


def test_values_of_an_expression_are_hidden_by_what_they_look_like() -> None:
    table = a_table("users", "mail text", "born date")
    by_mail, by_year = (
        an_index(table, "mail", name=name, rows=1_000_000) for name in ("by_mail", "by_year")
    )
    snapshot = a_snapshot(
        table,
        by_mail,
        by_year,
        column_statistics(by_mail, "lower", histogram_bounds=("ann@b.c", "bob@b.c")),
        column_statistics(by_year, "year", most_common=[("198512345", 0.000_01)]),
    )

    mail, year = redact(snapshot, "default").column_statistics

    assert all(mentions_pseudonym(value) for value in _list(mail.histogram_bounds))
    assert year.most_common_values == ("190000000",)


def test_what_cannot_be_hidden_is_left_out_and_told() -> None:
    snapshot = _column(
        "public.geometry", most_common=[("0101", 0.5)], histogram_bounds=("0102", "0103")
    )

    found = redact(snapshot, "default")

    row = found.column_statistics[0]
    assert (row.most_common_values, row.most_common_ratios, row.histogram_bounds) == (None,) * 3
    assert row.average_width_bytes == 8
    [told] = found.unavailable
    assert told.what == "2 lists of values"
    assert not told.is_failure


def test_more_values_than_pseudonyms_are_left_out_and_told() -> None:
    letters = tuple(map(chr, range(0x4E00, 0x4E00 + 100)))
    snapshot = _column('"char"', histogram_bounds=letters)

    found = redact(snapshot, "default")

    assert found.column_statistics[0].histogram_bounds is None
    assert found.unavailable[0].what == "1 lists of values"


def test_functions_in_other_languages_are_left_out_and_told() -> None:
    function = Function(
        oid=1,
        schema="public",
        name="f",
        arguments="",
        language="plpython3u",
        volatility="i",
        definition="CREATE FUNCTION f() ... 'secret'",
    )

    found = redact(a_snapshot(function), "default")

    assert found.functions == ()
    assert found.unavailable[0].what == "1 functions"


def test_ranges_stay_sorted_and_are_never_empty() -> None:
    bounds = tuple(f"[{n * 97},{n * 97 + 5})" for n in range(101))
    snapshot = _column("int4range", range_bounds_histogram=bounds, rows=2_000)

    found = _list(_statistics(snapshot).range_bounds_histogram)

    pairs = [tuple(map(int, text[1:-1].replace('"', "").split(","))) for text in found]
    assert len(pairs) == 101
    assert all(low <= high for low, high in pairs)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(pairs))
    assert all(text[0] + text[-1] == "[]" for text in found)


def test_endless_ranges_stay_endless() -> None:
    bounds = ("(,1985-07-23)", "[1985-07-23,)", "[1985-07-24,infinity)")
    snapshot = _column("daterange", range_bounds_histogram=bounds)

    found = _list(_statistics(snapshot).range_bounds_histogram)

    assert found[0].startswith("(,")
    assert found[1].endswith(",)")
    assert found[2].endswith(',"infinity"]')


Bounds = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9))


@settings(max_examples=50)
@given(first=Bounds, second=Bounds, level=st.sampled_from(["default", "all"]))
def test_order_and_equality_hold_across_columns(
    first: list[str], second: list[str], level: Level
) -> None:
    a, b = a_table("a", "value text"), a_table("b", "value character varying(30)")
    snapshot = a_snapshot(
        a,
        b,
        column_statistics(a, "value", histogram_bounds=tuple(sorted(first))),
        column_statistics(b, "value", histogram_bounds=tuple(sorted(second))),
    )

    found = redact(snapshot, level)

    before = [v for row in snapshot.column_statistics for v in _list(row.histogram_bounds)]
    after = [v for row in found.column_statistics for v in _list(row.histogram_bounds)]
    pairs = sorted(zip(before, after, strict=True))
    for (old, new), (next_old, next_new) in pairwise(pairs):
        assert (old == next_old) == (new == next_new)
        assert new <= next_new


@settings(max_examples=50)
@given(
    bounds=st.lists(st.integers(-32_768, 32_767), min_size=2, max_size=20),
    rows=st.integers(0, 10**6),
    level=st.sampled_from(["default", "all"]),
    is_named=st.booleans(),
)
def test_bounds_of_numbers_stay_sorted_and_valid(
    bounds: list[int], rows: int, level: Level, *, is_named: bool
) -> None:
    snapshot = _column(
        "smallint", rows=rows, histogram_bounds=tuple(str(n) for n in sorted(bounds))
    )

    row = _statistics(snapshot, level, *(["value"] if is_named else []))

    found = [int(text) for text in _list(row.histogram_bounds)]
    assert found == sorted(found)
    assert len(found) == len(bounds)
    assert all(-32_768 <= number <= 32_767 for number in found)
