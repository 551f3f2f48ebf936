"""What stays and what goes at each level, over a whole snapshot."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgadvisor.errors import UsageError
from pgadvisor.model.schema import Function, TypeKind, UserType
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Redaction, Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.snapshotfile import Level, describe_redaction, mentions_pseudonym, redact
from pgadvisor.testing import (
    a_column,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)
from tests.fixtures.full_snapshot import full_snapshot

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


def test_roles_are_named_at_level_default_and_not_at_all() -> None:
    snapshot = a_snapshot(
        a_statement("select 1", roles=("ann", "bob")),
        role_settings=(RoleSetting(role="ann", database=None, name="work_mem", value="64MB"),),
    )

    default, hidden = redact(snapshot, "default", key=KEY), redact(snapshot, "all", key=KEY)

    assert default.statements[0].roles == ("ann", "bob")
    assert len(set(hidden.statements[0].roles)) == 2
    assert not {"ann", "bob"} & set(hidden.statements[0].roles)
    assert hidden.server.role_settings[0].role == hidden.statements[0].roles[0]
    assert hidden.server.role_settings[0].value == "64MB"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (Setting(name="work_mem", value="4096", unit="kB", value_type="integer"), "4096"),
        (Setting(name="search_path", value="app, public"), "app, public"),
        (Setting(name="cluster_name", value="bank-prod-7"), "(redacted)"),
        (Setting(name="archive_command", value=""), ""),
        (Setting(name="plan_cache_mode", value="auto", value_type="enum"), "auto"),
    ],
)
def test_settings_that_plans_depend_on_stay(setting: Setting, value: str) -> None:
    found = redact(a_snapshot(setting), "default")

    assert found.server.settings[0].value == value


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("statement_timeout", "30s", "30s"),
        ("search_path", "app", "app"),
        ("plan_cache_mode", "force_custom_plan", "force_custom_plan"),
        ("app.token", "hunter2", "(redacted)"),
        ("application_name", "payroll", "(redacted)"),
    ],
)
def test_settings_of_roles_stay_where_they_say_how_to_plan(
    name: str, value: str, shown: str
) -> None:
    snapshot = a_snapshot(
        Setting(name="plan_cache_mode", value="auto", value_type="enum"),
        role_settings=(RoleSetting(role="ann", database=None, name=name, value=value),),
    )

    assert redact(snapshot, "default").server.role_settings[0].value == shown


def test_an_index_whose_definition_changed_is_named() -> None:
    table = a_table("orders", "status text", "note text")
    snapshot = a_snapshot(
        table,
        an_index(table, "status", name="a", predicate="(status = 'open'::text)"),
        an_index(table, "note", name="b", predicate="(note = 'canary'::text)"),
        column_statistics(table, "status", most_common=[("open", 0.5)]),
    )

    found = redact(snapshot, "default", key=KEY)

    assert found.indexes[0] == snapshot.indexes[0]
    assert found.redaction.changed_index_oids == (snapshot.indexes[1].oid,)
    assert mentions_pseudonym(found.indexes[1].predicate or "")
    assert (found.indexes[1].predicate or "?") in found.indexes[1].definition


def test_bounds_of_partitions_fit_the_column_that_divides_them() -> None:
    parent = a_table("sales", "code character varying(3)", partition_key="LIST (code)")
    child = a_table(
        "sales_1",
        "code character varying(3)",
        parent_oids=(parent.oid,),
        partition_bound="FOR VALUES IN ('abc', 'xyz')",
    )

    [_, found] = redact(a_snapshot(parent, child), "default", key=KEY).tables

    match = re.fullmatch(r"FOR VALUES IN \('(...)', '(...)'\)", found.partition_bound or "")
    assert match is not None
    assert "abc" != match[1] < match[2] != "xyz"


def test_statements_and_predicates_still_meet_their_statistics() -> None:
    table = a_table("orders", "note text", "customer_id bigint")
    snapshot = a_snapshot(
        table,
        an_index(table, "note", predicate="(note = 'canary'::text)"),
        column_statistics(
            table, "note", most_common=[("canary", 0.01)], histogram_bounds=("adam", "zebra")
        ),
        a_statement("select 1 from orders where note = 'canary'"),
    )

    found = redact(snapshot, "default", key=KEY)

    row = found.column_statistics[0]
    [value] = _list(row.most_common_values)
    low, high = _list(row.histogram_bounds)
    assert low < value < high
    assert found.indexes[0].predicate == f"(note = '{value}'::text)"
    assert found.statements[0].text == f"select 1 from orders where note = '{value}'"


def test_comments_stay_at_level_default_and_go_at_all() -> None:
    assert redact(full_snapshot(), "default").tables[0].comment_tags == ("pgadvisor:ignore",)
    assert redact(full_snapshot(), "all").tables[0].comment_tags == ()


def test_without_redaction_it_is_the_same_snapshot() -> None:
    snapshot = full_snapshot()

    assert redact(snapshot, "none") is snapshot


def test_the_same_key_gives_the_same_snapshot_and_no_key_another() -> None:
    snapshot = full_snapshot()

    assert redact(snapshot, "default", key=KEY) == redact(snapshot, "default", key=KEY)
    assert redact(snapshot, "default") != redact(snapshot, "default")


@pytest.mark.parametrize("level", ["default", "all"])
def test_redacting_twice_keeps_working(level: Level) -> None:
    once = redact(full_snapshot(), level, key=KEY)

    twice = redact(once, level, key=b"other")

    assert twice.redaction.level == level
    assert len(twice.column_statistics) == len(once.column_statistics)
    assert twice.redaction.changed_index_oids == once.redaction.changed_index_oids


def test_what_was_redacted_once_is_not_called_less_redacted_later() -> None:
    strict = redact(full_snapshot(), "all")

    assert redact(strict, "default").redaction.level == "all"
    assert redact(strict, "none").redaction.level == "all"


def test_everything_but_values_stays() -> None:
    snapshot = full_snapshot()

    found = redact(snapshot, "default", key=KEY)

    assert found.table_activity == snapshot.table_activity
    assert found.sequences == snapshot.sequences
    assert found.plans[0].plan is not None
    assert snapshot.plans[0].plan is not None
    assert found.plans[0].plan.shape == snapshot.plans[0].plan.shape
    assert found.plans[0].plan.total_cost == snapshot.plans[0].plan.total_cost
    assert [c.name for t in found.tables for c in t.columns] == [
        c.name for t in snapshot.tables for c in t.columns
    ]


def test_counts_what_it_did() -> None:
    snapshot = _column(
        "text",
        most_common=[("pending", 0.5), ("ann@b.c", 0.001)],
        histogram_bounds=("adam", "zoe"),
    )

    redaction = redact(snapshot, "default").redaction

    assert redaction == Redaction(
        level="default", pseudonymised_values=3, coarsened_values=0, kept_values=1
    )


def test_says_what_it_may_cost() -> None:
    text = describe_redaction(
        Redaction(level="default", pseudonymised_values=1_200, coarsened_values=30)
    )

    assert text.startswith(
        "1,200 values were replaced by pseudonyms and 30 numbers and dates made inexact, "
        "shared ones kept."
    )
    assert "LIKE" in text
    assert describe_redaction(Redaction()).startswith("Nothing was redacted")
    assert "2 indexes" in describe_redaction(Redaction(level="all", changed_index_oids=(1, 2)))


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


def test_fields_that_are_no_values_survive_unread() -> None:
    snapshot = full_snapshot()
    table = replace(snapshot.tables[0], columns=(a_column("odd public.unheard_of"),))

    found = redact(replace(snapshot, tables=(table,)), "default", key=KEY)

    assert found.tables[0].columns == table.columns
