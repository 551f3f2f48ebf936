"""Three orders by chance, out of all of them."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(Calls(text="select id from orders order by random() limit 3"),),
    mend=(),
    rewritten=(Calls(text="select id from orders tablesample system (1) limit 3"),),
)
