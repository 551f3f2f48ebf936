"""A function that is not marked as safe, and keeps workers away."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Seq Scan on public.orders",
    schema=ORDERS
    + """
        create function net_price(total numeric) returns numeric immutable
        language plpgsql as 'begin return total / 1.2; end';
    """,
    explained=("select count(*) from orders where net_price(total) > 800",),
    mend=("alter function net_price(numeric) parallel safe",),
    limits={"min_table_bytes": 1 << 20, "min_time_ms": 20.0},
    why_lower="a table of a gigabyte takes minutes to fill",
)
