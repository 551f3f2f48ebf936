"""Orders that are read by customer, and lie by time."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Index Scan using orders_customer_id_idx on public.orders",
    schema=ORDERS,
    plant=("alter role app set random_page_cost = 1.1",),
    explained=("select total from orders order by customer_id limit 50000",),
    mend=(
        "create index orders_by_customer_idx on orders (customer_id) include (total)",
        "drop index orders_customer_id_idx",
    ),
    limits={"min_time_ms": 1.0},
    why_lower="the whole table is in memory, where a block takes a microsecond",
)
