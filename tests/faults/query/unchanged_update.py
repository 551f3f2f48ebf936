"""A job that sets the state of all devices, whatever it is."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

_SET = "update devices set state = 'on' where id between %s and %s"

FAULT = Fault(
    subject="public.devices",
    schema="""
        create table devices (
            id bigint generated always as identity primary key,
            state text not null,
            about text not null
        ) with (fillfactor = 15);
        insert into devices (state, about)
        select 'on', repeat('x', 300) from generate_series(1, 20000) n;
        create index devices_state_idx on devices (state) where state <> 'on';
    """,
    workload=(
        Calls(
            text=_SET,
            times=100,
            parameters=lambda n: (n % 20 * 1_000 + 1, n % 20 * 1_000 + 1_000),
        ),
        Calls(
            text="select id from devices where state = 'off'",
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text=f"{_SET} and state is distinct from 'on'",
            times=100,
            parameters=lambda n: (n % 20 * 1_000 + 1, n % 20 * 1_000 + 1_000),
        ),
        Calls(
            text="select id from devices where state = 'off'",
        ),
    ),
    days=8,
)
