"""The newest orders of a few large customers want a wider index than there is."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders_customer_id_idx",
    schema=ORDERS,
    plant=("update orders set customer_id = customer_id % 10 + 1", "vacuum full analyze orders"),
    workload=(
        Calls(
            text="select * from orders where customer_id = %s order by created_at desc limit 5",
            times=300,
            parameters=lambda n: (n % 10 + 1,),
        ),
    ),
    beside={"missing-index": "it is the one that proposes the wider index"},
)
