"""A statement that looks into each of many partitions, planned anew each time."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (
            at date not null,
            device_id bigint not null,
            reading float not null,
            primary key (at, device_id)
        ) partition by range (at);
        do $$
        begin
            for n in 0..399 loop
                execute format('create table events_%s partition of events for values from (%L)'
                    ' to (%L)', n, date '2025-01-01' + n, date '2025-01-01' + n + 1);
            end loop;
        end $$;
        insert into events
        select date '2025-01-01' + n % 400, n, n from generate_series(1, 4000) n;
        analyze events;
    """,
    plant=("alter system set pg_stat_statements.track_planning = on", "select pg_reload_conf()"),
    workload=(
        Calls(
            text="select e.reading, f.reading from events e join events f using (device_id)"
            " where e.at = f.at and device_id = %s",
            parameters=lambda n: (n,),
            is_prepared=False,
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select reading from events where at = date '2025-01-01' + %s::integer"
            " and device_id = %s",
            times=400,  # the first of a session reads the catalog
            parameters=lambda n: (n % 400, n),
        ),
    ),
)
