"""Customers with an order, whose orders are all counted for it."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.customers, public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="select name from customers c where id < %s"
            " and (select count(*) from orders o where o.customer_id = c.id) > 0",
            parameters=lambda n: (n + 400,),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select name from customers c where id < %s"
            " and exists (select from orders o where o.customer_id = c.id)",
            parameters=lambda n: (n + 400,),
        ),
    ),
)
