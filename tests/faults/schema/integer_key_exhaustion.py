"""An integer key that has given out eight tenths of its numbers."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.clicks.id",
    schema="""
        create table clicks (id serial primary key, at timestamptz not null default now());
        insert into clicks (at) select now() from generate_series(1, 1000) n;
    """,
    plant=("select setval('clicks_id_seq', 1750000000)",),
    workload=(
        Calls(text="insert into clicks default values", times=200),
        Calls(text="select at from clicks where id = %s", parameters=lambda n: (n + 1,)),
    ),
    mend=(
        "alter table clicks alter id type bigint",
        "alter sequence clicks_id_seq as bigint",
    ),
)
