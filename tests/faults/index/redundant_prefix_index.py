"""An index on the customer beside one on the customer and the time."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders_customer_id_idx",
    schema=ORDERS,
    plant=("create index orders_customer_id_created_at_idx on orders (customer_id, created_at)",),
    workload=(
        Calls(
            text="select * from orders where customer_id = %s order by created_at desc limit 5",
            parameters=lambda n: (n * 7 % 2000 + 1,),
        ),
    ),
)
