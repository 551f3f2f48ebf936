"""The orders of a day, by a function of the time."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS + "create index orders_created_at_idx on orders (created_at);",
    workload=(
        Calls(
            text="select count(*) from orders where date(created_at) = current_date - %s::integer",
            parameters=lambda n: (n,),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select count(*) from orders where created_at >= current_date - %s::integer"
            " and created_at < current_date - %s::integer + 1",
            parameters=lambda n: (n, n),
        ),
    ),
)
