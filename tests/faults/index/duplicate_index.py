"""The same index twice, as when a migration was written by hand beside a framework."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders_customer_id",
    schema=ORDERS,
    plant=("create index orders_customer_id_again on orders (customer_id)",),
    workload=(
        Calls(
            text="select * from orders where customer_id = %s",
            parameters=lambda n: (n * 7 % 2000 + 1,),
        ),
    ),
)
