"""An index that every new event pays for and no statement reads."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.events_token_idx",
    schema="""
        create table events (
            id bigint generated always as identity primary key,
            token text not null
        );
        insert into events (token)
        select md5(n::text) || md5((-n)::text) from generate_series(1, 100000) n;
    """,
    plant=("create index events_token_idx on events (token)",),
    workload=(
        Calls(
            text="insert into events (token) select md5(n::text) || md5(%s::text)"
            " from generate_series(1, 500) n",
            times=100,
            parameters=lambda n: (n,),
        ),
        Calls(text="select token from events where id = %s", parameters=lambda n: (n + 1,)),
    ),
)
