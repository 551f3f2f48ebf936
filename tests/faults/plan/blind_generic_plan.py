"""A plan for any customer, executed for the one who has most of the orders."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS
    + """
        insert into orders (customer_id, status, total, created_at, note)
        select 1, 'done', n % 1000, now(), repeat('x', 120) from generate_series(1, 150000) n;
    """,
    plant=("alter role app set plan_cache_mode = force_generic_plan",),
    explained=(
        (
            "prepare of_customer as select sum(total), min(note) from orders"
            " where customer_id = $1; execute of_customer (1)"
        ),
    ),
    mend=("alter role app set plan_cache_mode = force_custom_plan",),
)
