"""Orders refer to customers, who are deleted now and then, and have no index."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders.orders_customer_id_fkey",
    schema=ORDERS
    + "insert into customers (name) select 'guest ' || n from generate_series(1, 100) n;",
    plant=("drop index orders_customer_id_idx",),
    workload=(
        Calls(
            text="delete from customers where id = %s",
            times=20,
            parameters=lambda n: (2001 + n,),
        ),
    ),
)
