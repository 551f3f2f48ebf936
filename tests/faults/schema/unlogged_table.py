"""Orders that the next crash empties."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=("alter table orders set unlogged",),
    mend=("alter table orders set logged",),
    workload=(Calls(text="select total from orders where id = %s", parameters=lambda n: (n + 1,)),),
)
