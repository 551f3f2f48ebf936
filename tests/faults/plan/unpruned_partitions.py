"""A function around the partition key."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="public.log",
    schema="""
        create table log (
            id bigint generated always as identity, at date not null, n int not null,
            primary key (id, at)
        ) partition by range (at);
        do $$
        begin
            for m in 1..14 loop
                execute format(
                    'create table log_%s partition of log for values from (%L) to (%L)',
                    m, date '2024-01-01' + (m - 1) * 10, date '2024-01-01' + m * 10
                );
            end loop;
        end $$;
        insert into log (at, n)
        select date '2024-01-01' + n % 140, n from generate_series(1, 140000) n;
    """,
    explained=("select sum(n) from log where to_char(at, 'YYYY-MM-DD') = '2024-02-03'",),
    explained_once_mended=("select sum(n) from log where at = '2024-02-03'",),
    mend=(),
)
