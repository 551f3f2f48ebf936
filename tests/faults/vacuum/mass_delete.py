"""Old readings go in one statement of a hundred thousand rows."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.readings",
    schema="""
        create table readings (id bigint generated always as identity primary key, value float);
        insert into readings (value) select n from generate_series(1, 440000) n;
    """,
    workload=(
        Calls(
            text="delete from readings where id <= %s",
            times=4,
            parameters=lambda n: (110_000 * (n + 1),),
        ),
    ),
    mend=("insert into readings (value) select n from generate_series(1, 50000) n",),
    rewritten=(
        Calls(
            text="delete from readings where id in (select id from readings order by id limit %s)",
            parameters=lambda _: (1_000,),
        ),
    ),
)
