"""A cache that was made for ten values, and meets a new one each time."""

from __future__ import annotations

from tests.faults.fault import Fault

_EXPLAINED = (
    "set work_mem = '64MB';"
    " select count(name) from deliveries d join parts p on p.kind_id = d.kind_id"
)

FAULT = Fault(
    subject="Memoize",
    # A hundred rows for each value: of one, the cache takes what EXPLAIN rounds to nothing.
    schema="""
        create table parts (
            kind_id bigint, number int, name text not null, primary key (kind_id, number)
        );
        insert into parts
        select n / 100, n % 100, 'part ' || n from generate_series(100, 400099) n;
        create table deliveries (id bigint primary key, kind_id bigint not null);
        insert into deliveries
        select n, n * 7919 % 4000 + 1 from generate_series(1, 4000) n;
    """,
    plant=("alter table deliveries alter column kind_id set (n_distinct = 10)",),
    explained=(_EXPLAINED,),
    mend=("alter table deliveries alter column kind_id reset (n_distinct)",),
)
