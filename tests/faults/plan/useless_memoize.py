"""A cache that was made for ten values, and meets a new one each time."""

from __future__ import annotations

from tests.faults.fault import Fault

_EXPLAINED = "select count(name) from deliveries d join parts p on p.id = d.part_id"

FAULT = Fault(
    subject="Memoize",
    schema="""
        create table parts (id bigint primary key, name text not null);
        insert into parts select n, 'part ' || n from generate_series(1, 800000) n;
        create table deliveries (id bigint primary key, part_id bigint not null);
        insert into deliveries
        select n, n * 7919 % 800000 + 1 from generate_series(1, 40000) n;
    """,
    plant=("alter table deliveries alter column part_id set (n_distinct = 10)",),
    # The first time it reads most of the parts, beside which the cache costs little.
    explained=(_EXPLAINED, _EXPLAINED),
    mend=("alter table deliveries alter column part_id reset (n_distinct)",),
)
