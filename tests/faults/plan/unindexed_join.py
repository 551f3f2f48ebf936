"""A join that finds a few of many rows, and no index that leads to them."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=("drop index orders_customer_id_idx",),
    explained=(
        "select o.note from customers c join orders o on o.customer_id = c.id where c.id % 400 = 7",
    ),
    beside={"unindexed-foreign-key": "it is the same index"},
)
