"""What happened to a customer, out of two tables that have no row in common."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

_HALVES = (
    "select 'order' as kind, id, created_at from orders where status = 'done'"
    " {} select 'return', id, created_at from returns"
)

FAULT = Fault(
    subject="public.orders, public.returns",
    schema=ORDERS
    + """
        create table returns (
            id bigint generated always as identity primary key,
            created_at timestamptz not null
        );
        insert into returns (created_at)
        select now() - n * interval '1 hour' from generate_series(1, 5000) n;
    """,
    workload=(Calls(text=_HALVES.format("union")),),
    mend=(),
    rewritten=(Calls(text=_HALVES.format("union all")),),
)
