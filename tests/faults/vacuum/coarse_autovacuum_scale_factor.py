"""A fifth of sixty million rows may be dead before a vacuum comes."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="update orders set total = total + 1 where id = %s",
            parameters=lambda n: (n + 1,),
        ),
    ),
    sizes=(Size(table="orders", size_bytes=12 << 30, rows=60_000_000),),
)
