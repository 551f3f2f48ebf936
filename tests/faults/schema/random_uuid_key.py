"""Random keys, in an index that is larger than the cache."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.tokens.id",
    schema="""
        create table tokens (
            id uuid primary key default gen_random_uuid(),
            at timestamptz not null
        );
        insert into tokens (at) select now() from generate_series(1, 60000) n;
    """,
    restart_with={"shared_buffers": "1MB"},
    workload=(
        Calls(
            text="insert into tokens (at) select now() from generate_series(1, 500) n",
            times=170,
        ),
    ),
    mend=("alter table tokens alter id drop default",),
    rewritten=(
        Calls(
            text="insert into tokens select (lpad(to_hex(%s::bigint), 8, '0')"
            " || right(gen_random_uuid()::text, 28))::uuid, now() from generate_series(1, 500) n",
            times=170,
            parameters=lambda n: (n,),
        ),
    ),
    days=8,
)
