"""A table that was changed since vacuum, and is read by index-only scans."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Index Only Scan using orders_pkey on public.orders",
    schema=ORDERS,
    workload=(Calls(text="update orders set total = total + 1", times=1),),
    rewritten=(),
    ends_vacuumed=False,
    explained=("select count(*) from orders where id < 20000",),
    mend=(),
    beside={"stale-statistics": "all rows have changed"},
)
