"""A search through wide rows that do not fit into the cache, many times a day."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="shop",
    schema="""
        create table pages (
            id bigint generated always as identity primary key,
            is_public boolean not null,
            body text not null
        );
        alter table pages alter body set storage plain;
        insert into pages (is_public, body)
        select n % 2 = 0, repeat('x', 7000) from generate_series(1, 1200) n;
    """,
    workload=(Calls(text="select count(*) from pages where is_public", times=220),),
    mend=("create index pages_public_idx on pages (id) where is_public",),
    restart_with={"shared_buffers": "2MB"},
    days=8,
)
