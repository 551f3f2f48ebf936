"""Devices whose readings are written one by one."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.devices",
    schema="""
        create table devices (
            id bigint generated always as identity primary key,
            reading integer not null
        ) with (fillfactor = 50);
        insert into devices (reading) select n from generate_series(1, 5000) n;
    """,
    workload=(
        Calls(
            text="update devices set reading = %s where id = %s",
            times=12_000,
            parameters=lambda n: (n, n % 5000 + 1),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="update devices d set reading = n.reading"
            " from unnest(%s::bigint[], %s::integer[]) as n (id, reading) where d.id = n.id",
            times=120,
            parameters=lambda n: (
                [(n * 100 + k) % 5000 + 1 for k in range(100)],
                [n + k for k in range(100)],
            ),
        ),
    ),
    days=0.01,
)
