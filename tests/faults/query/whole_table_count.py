"""The number of all events, on each page."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(Calls(text="select count(*) from orders"),),
    sizes=(Size(table="orders", size_bytes=2 << 30, rows=12_000_000),),
    mend=(),
    rewritten=(
        Calls(text="select reltuples::bigint from pg_class where oid = 'orders'::regclass"),
    ),
)
