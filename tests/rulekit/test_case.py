"""What a rule is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.action import PartitionIndex
from pgadvisor.model.schema import RelationKind
from pgadvisor.rulekit import SkipRule
from pgadvisor.testing import (
    COLLECTED_AT,
    a_case,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    index_activity,
    table_activity,
)

ORDERS = a_table("orders")
PARENT = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
MIDDLE = a_table(
    "log_1",
    kind=RelationKind.PARTITIONED_TABLE,
    rows=0,
    parent_oids=(PARENT.oid,),
    is_partition=True,
)
LEAF = a_table("log_1_a", rows=5_000, parent_oids=(MIDDLE.oid,), is_partition=True)
OTHER = a_table("log_2", rows=6_000, parent_oids=(PARENT.oid,), is_partition=True)
PARTS = (PARENT, MIDDLE, LEAF, OTHER)


def test_folds_partitions_onto_their_parent() -> None:
    case = a_case(a_snapshot(ORDERS, PARTS))

    assert [table.name for table in case.user_tables] == ["orders", "log"]


def test_leaves_out_what_is_not_the_users_own() -> None:
    snapshot = a_snapshot(
        replace(ORDERS, oid=1, schema="pg_catalog"),
        replace(ORDERS, oid=2, schema="_timescaledb_internal"),
        replace(ORDERS, oid=3, is_extension_member=True),
        replace(ORDERS, oid=4, kind=RelationKind.FOREIGN_TABLE),
        replace(ORDERS, oid=5, persistence="t"),
    )

    assert a_case(snapshot).user_tables == ()


def test_adds_up_partitions() -> None:
    counted = table_activity(LEAF, rows_inserted=90), table_activity(OTHER, rows_deleted=90)
    case = a_case(a_snapshot(PARTS, counted))

    assert case.rows_of(PARENT) == pytest.approx(11_000)
    assert case.size_of(PARENT) == LEAF.size_bytes + OTHER.size_bytes
    assert case.writes_per_day(PARENT) == pytest.approx(2.0)


def test_builds_the_tree_of_partitions() -> None:
    case = a_case(a_snapshot(PARTS))

    below = (PartitionIndex(schema="public", table="log_1_a"),)
    assert case.partition_tree(PARENT) == (
        PartitionIndex(schema="public", table="log_1", is_partitioned=True, children=below),
        PartitionIndex(schema="public", table="log_2"),
    )


def test_adds_up_the_parts_of_an_index() -> None:
    whole = an_index(PARENT, "note", is_partitioned=True, size_bytes=0)
    middle = an_index(MIDDLE, "note", is_partitioned=True, size_bytes=0, parent_oid=whole.oid)
    leaf = an_index(LEAF, "note", parent_oid=middle.oid)
    case = a_case(a_snapshot(PARTS, whole, middle, leaf, index_activity(leaf, scans=4)))

    assert [index.name for _, index in case.user_indexes] == [whole.name]
    assert case.scans_of(whole) == 4
    assert case.size_of_index(whole) == leaf.size_bytes


@pytest.mark.parametrize(
    ("rows", "size_bytes", "count"),
    [(10_000, 2**23, 1), (9_999, 2**23, 0), (10_000, 2**23 - 1, 0)],
)
def test_asks_for_size_and_rows(rows: int, size_bytes: int, count: int) -> None:
    pages = size_bytes // 8192 + 1
    table = replace(ORDERS, rows=rows * pages * 8192 / size_bytes, size_bytes=size_bytes)
    table = replace(table, pages=pages)

    assert a_case(a_snapshot(table)).is_large_enough(table) == bool(count)


def test_counts_a_statement_on_a_partition_as_one_on_the_table() -> None:
    statement = a_statement("select * from log_1_a where note = $1")

    [use] = a_case(a_snapshot(PARTS, statement)).uses_of(PARENT)

    assert use.statement == statement


def test_counts_calls_a_day() -> None:
    counted = a_statement("select 1", calls=900)
    given = replace(counted, source="workload", weight=7.0)
    case = a_case(a_snapshot(counted))

    assert case.calls_per_day(counted) == pytest.approx(10)
    assert case.time_ms_per_day(counted) == pytest.approx(500)
    assert case.calls_per_day(given) == 7.0
    unknown = a_case(a_snapshot(counted, statements_info=None))
    assert unknown.calls_per_day(counted) is None


def test_takes_the_tables_window_for_statements_before_postgresql_14() -> None:
    info = a_server().statements_info
    assert info is not None
    case = a_case(a_snapshot(statements_info=replace(info, reset_at=None)))

    assert case.statement_window.days == pytest.approx(90)
    assert "before PostgreSQL 14" in case.statement_window.note


def test_the_oldest_time_on_record_is_a_lower_bound() -> None:
    seen = table_activity(ORDERS, last_vacuum=COLLECTED_AT - timedelta(days=5))
    window = a_case(a_snapshot(ORDERS, seen, statistics_age_days=None)).counter_window

    assert window.days == pytest.approx(5)
    assert window.is_lower_bound


def test_gives_shares_of_the_whole_time() -> None:
    small, large = a_statement("select 1", calls=1), a_statement("select 2", calls=3)
    case = a_case(a_snapshot(small, large))

    assert case.share_of(small) == pytest.approx(0.25)
    assert a_case(a_snapshot()).share_of(small) == 0.0


def test_requires_a_gate_to_be_open() -> None:
    case = a_case(a_snapshot(statistics_age_days=1))

    case.require("topology")
    with pytest.raises(SkipRule, match="statistics cover 24 h"):
        case.require("usage-window")
