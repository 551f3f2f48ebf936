"""A plan for any customer, executed for the one who has most of the orders."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS + "update orders set customer_id = 1 where id % 10 < 6;",
    plant=("alter role app set plan_cache_mode = force_generic_plan",),
    explained=(
        (
            "prepare of_customer as select sum(total), min(note) from orders"
            " where customer_id = $1; execute of_customer (1)"
        ),
    ),
    mend=("alter role app set plan_cache_mode = force_custom_plan",),
)
