"""All orders are fetched, again and again, to be counted by the application."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.readings",
    schema="""
        create table readings (id bigint generated always as identity primary key, value float);
        insert into readings (value) select n from generate_series(1, 120000) n;
    """,
    workload=(Calls(text="select id, value from readings", times=8),),
    mend=(),
    rewritten=(
        Calls(
            text="select id, value from readings where id > %s order by id limit 1000",
            times=8,
            parameters=lambda n: (n * 1000,),
        ),
    ),
    days=0.25,
)
