"""A table that only grows, and is not vacuumed for it."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.readings",
    schema="""
        create table readings (at bigint not null, value float not null);
        insert into readings select n, n from generate_series(1, 800000) n;
        alter table readings add primary key (at);
    """,
    plant=("alter table readings set (autovacuum_vacuum_insert_threshold = -1)",),
    workload=(
        Calls(
            text="insert into readings select last + n, n"
            " from (select max(at) as last from readings) r, generate_series(1, 100000) n",
            times=3,
        ),
        Calls(
            text="select count(*) from readings where at between %s and %s",
            times=200,
            parameters=lambda n: (800_000 + n * 1000, 800_000 + n * 1000 + 2000),
        ),
    ),
    ends_vacuumed=False,
    late=("analyze readings",),
)
