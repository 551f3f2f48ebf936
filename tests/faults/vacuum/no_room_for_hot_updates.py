"""Pages that are filled to the brim, and rows that are updated."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(
        Calls(text="update orders set total = total + %s", times=3, parameters=lambda n: (n,)),
    ),
    days=8,
)
