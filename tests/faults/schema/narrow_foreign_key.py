"""A bigint key that has come far, and integers that refer to it."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders.customer_id",
    schema=ORDERS,
    plant=(
        "alter table orders alter customer_id type integer",
        "select setval('customers_id_seq', 400000000)",
    ),
    mend=("alter table orders alter customer_id type bigint",),
)
