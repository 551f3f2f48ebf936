"""A table of a hundred gigabytes whose old rows are deleted each night."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size

READ = Calls(text="select count(*) from events where at > now() - interval '10 minutes'", times=40)
FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (at timestamptz not null, id bigint not null, note text not null);
        insert into events
        select now() - n * interval '10 seconds', n, repeat('x', 100)
        from generate_series(1, 60000) n;
        alter table events add primary key (at, id);
    """,
    workload=(
        READ,
        Calls(
            text="delete from events where at < now() - %s * interval '1 hour'",
            times=40,
            parameters=lambda n: (160 - n * 2,),
        ),
    ),
    mend=(
        "drop table events",
        (
            "create table events (at timestamptz not null, id bigint not null, note text not null,"
            " primary key (at, id)) partition by range (at)"
        ),
        "create table events_now partition of events for values from (minvalue) to (maxvalue)",
        (
            "insert into events select now() - n * interval '10 seconds', n, repeat('x', 100)"
            " from generate_series(1, 60000) n"
        ),
    ),
    rewritten=(READ,),
    sizes=(Size(table="events", size_bytes=101 << 30, rows=700_000_000),),
    limits={"min_deleted_ratio": 0.00001},
    why_lower="a hundredth of so many rows would take minutes to delete",
    beside={"coarse-autovacuum-scale-factor": "a fifth of so many rows is too many, too"},
)
