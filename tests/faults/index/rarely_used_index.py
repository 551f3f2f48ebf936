"""A large index on the time of events, which a report scans once in a while."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size

MIB = 1 << 20
FAULT = Fault(
    subject="public.events_at_idx",
    schema="""
        create table events (
            id bigint generated always as identity primary key,
            at timestamptz not null,
            payload text not null
        );
        insert into events (at, payload)
        select now() - n * interval '1 minute', repeat('x', 100) from generate_series(1, 60000) n;
    """,
    plant=("create index events_at_idx on events (at)",),
    workload=(
        Calls(
            text="insert into events (at, payload)"
            " select now() + %s * interval '1 minute', repeat('x', 100)"
            " from generate_series(1, 5000)",
            times=90,
            parameters=lambda n: (n,),
        ),
        Calls(
            text="select payload from events where at = %s::timestamptz",
            parameters=lambda n: (f"2020-01-{n + 1:02} 00:00:00+00",),
            times=5,
        ),
        Calls(text="select payload from events where id = %s", parameters=lambda n: (n + 1,)),
    ),
    sizes=(
        Size(table="events", size_bytes=2_048 * MIB, rows=14_000_000),
        Size(table="events_at_idx", size_bytes=120 * MIB, rows=14_000_000),
    ),
    mend=("drop index events_at_idx",),
)
