"""What existing indexes would take if they were built now, beside what they take then."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.whatif.twin import Twin

CHURNED = """
create table orders (
    id bigint generated always as identity primary key,
    customer_id int, status text, email text, created_at timestamptz, weight int);
create index by_customer on orders (customer_id);
create index by_status on orders (status);
create index by_email on orders (lower(email));
create index by_time on orders (customer_id, created_at desc);
create index by_weight on orders (weight) where weight is not null;
create index by_hash on orders using hash (customer_id);
insert into orders (customer_id, status, email, created_at, weight)
    select
        hashint4(i) % 2000,
        (array['new', 'paid', 'sent', 'done'])[1 + abs(hashint4(i)) % 4],
        md5(i::text) || '@example.org',
        '2026-01-01'::timestamptz + abs(hashint4(i + 1)) % 1000000 * interval '1 second',
        case when i % 5 = 0 then hashint4(i + 2) end
    from generate_series(1, 60000) i;
update orders set status = 'done', created_at = created_at + interval '1 day' where id % 2 = 0;
delete from orders where id % 10 > 3
"""
BTREES = ("by_customer", "by_email", "by_status", "by_time", "by_weight", "orders_pkey")


@pytest.mark.live
def test_predicts_what_a_rebuild_takes(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(CHURNED.encode())
        connection.execute("vacuum analyze orders")
        snapshot = collect(database)
        connection.execute("reindex table orders")
        rebuilt: dict[str, int] = dict(
            connection.execute(
                "select relname, pg_relation_size(oid) from pg_class where relkind = 'i'"
            ).fetchall()
        )
    names = {index.oid: index for index in snapshot.indexes}

    with Twin(snapshot) as twin:
        sizes = twin.rebuilt_sizes(tuple(names))

    assert sorted(names[size.index_oid].name for size in sizes) == list(BTREES)
    for size in sizes:
        index = names[size.index_oid]
        assert size.notes == ()
        assert size.size_bytes == pytest.approx(rebuilt[index.name], rel=0.05, abs=16_384)
        assert index.size_bytes > 1.8 * rebuilt[index.name]


@pytest.mark.live
def test_says_nothing_of_an_index_whose_entries_nobody_counted(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table notes (id int)")
        connection.execute("create index by_id on notes (id)")
        connection.execute("insert into notes select generate_series(1, 1000)")
    snapshot = collect(database)

    with Twin(snapshot) as twin:
        assert twin.rebuilt_sizes(tuple(index.oid for index in snapshot.indexes)) == ()
