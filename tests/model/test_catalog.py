"""Look-ups over a snapshot."""

from __future__ import annotations

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import RelationKind, View
from pgadvisor.testing import (
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    column_statistics,
    index_activity,
    table_activity,
)

CUSTOMERS = a_table("customers", "id bigint not null")
ORDERS = a_table("orders", "id bigint not null", "customer_id bigint")
OTHER_ORDERS = a_table("orders", "id bigint not null", schema="archive")
PARENT = a_table("log", "at date", kind=RelationKind.PARTITIONED_TABLE, rows=-1, size_bytes=0)
MIDDLE = a_table(
    "log_2026",
    "at date",
    kind=RelationKind.PARTITIONED_TABLE,
    rows=-1,
    size_bytes=0,
    parent_oids=(PARENT.oid,),
    is_partition=True,
)
LEAVES = tuple(
    a_table(name, "at date", rows=1_000, parent_oids=(MIDDLE.oid,), is_partition=True)
    for name in ("log_2026_01", "log_2026_02")
)


def test_finds_objects_by_oid_and_by_name() -> None:
    index = an_index(ORDERS, "customer_id")
    catalog = Catalog(a_snapshot(ORDERS, OTHER_ORDERS, index))

    assert catalog.tables[ORDERS.oid] is ORDERS
    assert catalog.tables_by_name["archive", "orders"] is OTHER_ORDERS
    assert catalog.indexes[index.oid] is index
    assert catalog.indexes_by_table[ORDERS.oid] == (index,)
    assert catalog.indexes_by_table[OTHER_ORDERS.oid] == ()


def test_finds_a_name_without_its_schema_by_the_search_path() -> None:
    view = View(oid=9, schema="archive", name="all_orders", definition="select 1")
    snapshot = a_snapshot(ORDERS, OTHER_ORDERS, view, search_path=("archive", "public"))
    catalog = Catalog(snapshot)

    assert catalog.find_table(None, "orders") is OTHER_ORDERS
    assert catalog.find_table("public", "orders") is ORDERS
    assert catalog.find_table(None, "no_such") is None
    assert catalog.find_table("nowhere", "orders") is None
    assert catalog.find_view(None, "all_orders") is view
    assert catalog.find_view("public", "all_orders") is None
    assert catalog.find_view(None, "no_such") is None


def test_groups_constraints_by_both_of_their_tables() -> None:
    foreign_key = a_foreign_key(ORDERS, "customer_id", CUSTOMERS)
    index, primary_key = a_primary_key(CUSTOMERS, "id")
    catalog = Catalog(a_snapshot(CUSTOMERS, ORDERS, foreign_key, index, primary_key))

    assert catalog.constraints_by_table[CUSTOMERS.oid] == (primary_key,)
    assert catalog.foreign_keys_to[CUSTOMERS.oid] == (foreign_key,)
    assert catalog.foreign_keys_to[ORDERS.oid] == ()


def test_counters_that_are_not_there_are_zero() -> None:
    index = an_index(ORDERS, "id")
    counted = table_activity(ORDERS, rows_inserted=1, rows_updated=2, rows_deleted=4)
    catalog = Catalog(a_snapshot(ORDERS, CUSTOMERS, index, counted, index_activity(index, scans=3)))

    assert catalog.activity_of(ORDERS).rows_written == 7
    assert catalog.activity_of(CUSTOMERS).rows_written == 0
    assert catalog.activity_of_index(index).scans == 3
    assert catalog.activity_of_index(an_index(ORDERS, "customer_id")).scans == 0


def test_prefers_statistics_that_cover_the_descendants() -> None:
    own = column_statistics(ORDERS, "id", n_distinct=1.0)
    inherited = column_statistics(ORDERS, "id", n_distinct=2.0, is_inherited=True)

    for rows in ((own, inherited), (inherited, own)):
        catalog = Catalog(a_snapshot(ORDERS, *rows))

        assert catalog.column_statistics[ORDERS.oid, "id"] is inherited


def test_follows_partitions_up_and_down() -> None:
    catalog = Catalog(a_snapshot(PARENT, MIDDLE, *LEAVES, ORDERS))

    assert catalog.partitions[PARENT.oid] == (MIDDLE,)
    assert catalog.leaves(PARENT) == LEAVES
    assert catalog.leaves(ORDERS) == (ORDERS,)
    assert catalog.root_of(LEAVES[0]) is PARENT
    assert catalog.root_of(ORDERS) is ORDERS
    assert catalog.total_rows(PARENT) == 2_000
    assert catalog.total_size_bytes(PARENT) == sum(leaf.size_bytes for leaf in LEAVES)


def test_a_partition_whose_parent_was_not_read_is_its_own_root() -> None:
    catalog = Catalog(a_snapshot(MIDDLE, *LEAVES))

    assert catalog.root_of(LEAVES[0]) is MIDDLE


def test_estimates_rows_by_the_length_of_now() -> None:
    grown = a_table("t", rows=1_000, pages=10, size_bytes=20 * 8_192)
    never_measured = a_table("u", rows=500, pages=0, size_bytes=0)
    never_analysed = a_table("v", rows=-1, pages=0, size_bytes=8_192)
    empty = a_table("w", rows=-1, pages=0, size_bytes=0)
    catalog = Catalog(
        a_snapshot(
            grown,
            never_measured,
            never_analysed,
            empty,
            table_activity(never_analysed, live_rows=7),
        )
    )

    tables = (grown, never_measured, never_analysed, empty)
    assert [catalog.rows_now(table) for table in tables] == [2_000.0, 500.0, 7.0, 0.0]


def test_guesses_rows_that_nobody_has_counted_as_the_planner_does() -> None:
    unknown = a_table("t", "id bigint", "note text", rows=-1, pages=0, size_bytes=10 * 8_192)
    emptied = a_table("u", rows=0, pages=10, size_bytes=10 * 8_192)
    catalog = Catalog(a_snapshot(unknown, emptied))

    # 8,168 bytes of a page for rows of 8 + 32 bytes and 28 of their own
    assert catalog.rows_now(unknown) == 1_201.0
    assert catalog.rows_now(emptied) == 0.0
