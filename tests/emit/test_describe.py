"""The objects of a snapshot in words."""

from __future__ import annotations

from pgadvisor.emit.describe import (
    describe_statements,
    describe_table,
    describe_tables,
    in_columns,
)
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import RelationKind
from pgadvisor.testing import (
    a_column,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
)

CUSTOMERS = a_table("customers", "id bigint not null", "email text", rows=20_000)
ORDERS = a_table(
    "orders",
    a_column("id bigint not null", identity="a"),
    a_column("customer_id bigint not null"),
    a_column("status text", default_sql="'open'::text", collation='"C"'),
    a_column("total numeric", default_sql="net * 1.19", generated="s"),
    rows=1_000_000,
)
BY_STATUS = an_index(ORDERS, "status", size_bytes=7 * 1024 * 1024, is_valid=False)
EVENTS = a_table(
    "events",
    "at date not null",
    kind=RelationKind.PARTITIONED_TABLE,
    partition_key="RANGE (at)",
    rows=-1,
)
PART = a_table(
    "events_1", "at date not null", rows=800, is_partition=True, parent_oids=(EVENTS.oid,)
)
EVENTS_AT = an_index(EVENTS, "at", size_bytes=0, is_partitioned=True)
PART_AT = an_index(PART, "at", size_bytes=16384, parent_oid=EVENTS_AT.oid)
CATALOG = Catalog(
    a_snapshot(
        *(CUSTOMERS, ORDERS, EVENTS, PART, BY_STATUS, EVENTS_AT, PART_AT),
        a_primary_key(CUSTOMERS, "id"),
        a_foreign_key(ORDERS, "customer_id", CUSTOMERS),
    )
)


def test_lists_tables_with_what_their_partitions_hold() -> None:
    assert (
        describe_tables(CATALOG)
        == """\
table             kind                    rows     size  indexes
public.customers  table                 20,000  1.95 MB        1
public.events     partitioned table        800    80 kB        1
public.orders     table              1,000,000  97.7 MB        1"""
    )


def test_describes_columns_indexes_and_constraints() -> None:
    assert (
        describe_table(ORDERS, CATALOG)
        == """\
table public.orders: 1,000,000 rows, 97.7 MB
  column       type
  id           bigint   not null, identity
  customer_id  bigint   not null
  status       text     collate "C", default 'open'::text
  total        numeric  generated as (net * 1.19)
indexes:
  CREATE INDEX "orders_status_idx" ON "public"."orders" USING btree ("status")  (7 MB, invalid)
constraints:
  orders_customer_id_fkey: FOREIGN KEY (customer_id) REFERENCES public.customers(id)"""
    )


def test_tells_who_refers_to_a_table() -> None:
    text = describe_table(CUSTOMERS, CATALOG)

    assert text.endswith(
        "referenced by public.orders: FOREIGN KEY (customer_id) REFERENCES public.customers(id)"
    )


def test_an_index_of_a_partitioned_table_is_as_large_as_its_parts() -> None:
    text = describe_table(EVENTS, CATALOG)

    assert "partitioned by RANGE (at): 1 partition\n" in text
    assert 'ON "public"."events" USING btree ("at")  (16 kB)' in text


def test_statements_are_numbered_the_most_expensive_first() -> None:
    snapshot = a_snapshot(
        a_statement("select 1", calls=10, mean_time_ms=0.5),
        a_statement("select\n  2", calls=1000, mean_time_ms=3),
    )

    assert (
        describe_statements(snapshot, 1)
        == """\
   total time  calls  mean  statement
1         3 s  1,000  3 ms  select 2
and 1 more"""
    )


def test_no_statements_are_no_table() -> None:
    assert describe_statements(a_snapshot(), 20) == "the snapshot holds no statements"


def test_columns_are_as_wide_as_they_need_to_be_and_of_one_line() -> None:
    assert in_columns((("a", "b"), ("1\n2", "\x1b[2J"), ("333", "4")), right={0}) == (
        "  a  b\n1 2  [2J\n333  4"
    )
