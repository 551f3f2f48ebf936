"""A sort that does not fit into work_mem."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(Calls(text="select note, total, id from orders order by note, total", times=5),),
    mend=("alter role app set work_mem = '64MB'",),
)
