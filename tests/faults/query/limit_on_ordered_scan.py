"""The newest events of a tenant without new ones, by walking through those of all."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (
            id bigint generated always as identity primary key,
            tenant_id bigint not null,
            at timestamptz not null,
            payload text not null
        );
        insert into events (tenant_id, at, payload)
        select case when n < 2000 then 100 + n % 100 else n % 100 end,
               now() - (60000 - n) * interval '1 minute', repeat('x', 150)
        from generate_series(1, 60000) n;
        create index events_at_idx on events (at);
    """,
    workload=(
        Calls(
            text="select id, payload from events where tenant_id = %s order by at desc limit 1",
            parameters=lambda n: (100 + n,),
        ),
    ),
    mend=("create index events_tenant_id_at_idx on events (tenant_id, at)",),
    beside={"missing-index": "it proposes the index that ends the walk"},
)
