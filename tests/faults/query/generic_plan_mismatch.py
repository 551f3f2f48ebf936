"""A prepared statement that is right for all customers but one, who has most of the orders."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS
    + """
        update orders set customer_id = 1 where id % 10 < 6;
        cluster orders using orders_pkey;
    """,
    workload=(
        Calls(
            text="select sum(total), min(note) from orders where customer_id = %s",
            times=600,
            parameters=lambda n: (1 if n % 40 == 20 else n % 2000 + 1,),
        ),
    ),
    mend=("alter role app set plan_cache_mode = force_custom_plan",),
)
