"""Customers with a large order, once for each such order, and then only once."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.customers, public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="select distinct c.id, c.name from customers c"
            " join orders o on o.customer_id = c.id where o.total > %s",
            parameters=lambda n: (n,),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select c.id, c.name from customers c where exists"
            " (select from orders o where o.customer_id = c.id and o.total > %s)",
            parameters=lambda n: (n,),
        ),
    ),
)
