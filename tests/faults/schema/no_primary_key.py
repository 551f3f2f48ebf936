"""A table with a unique index, and without a primary key."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=(
        "alter table orders drop constraint orders_pkey",
        "create unique index orders_id_key on orders (id)",
    ),
    workload=(
        Calls(
            text="update orders set status = 'done' where id = %s",
            parameters=lambda n: (n + 1,),
        ),
    ),
)
