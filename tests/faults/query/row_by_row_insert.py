"""Events that are inserted one by one."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (
            id bigint generated always as identity primary key,
            kind text not null
        );
    """,
    workload=(
        Calls(
            text="insert into events (kind) values (%s)",
            times=12_000,
            parameters=lambda n: (f"kind {n}",),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="insert into events (kind) select * from unnest(%s::text[])",
            times=120,
            parameters=lambda n: ([f"kind {n + k}" for k in range(100)],),
        ),
    ),
    days=0.01,
)
