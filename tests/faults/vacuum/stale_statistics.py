"""A table that was filled and never analysed."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(Calls(text="select total from orders where id = %s", parameters=lambda n: (n + 1,)),),
    starts_vacuumed=False,
    ends_vacuumed=False,
)
