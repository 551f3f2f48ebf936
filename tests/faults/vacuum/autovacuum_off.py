"""A table that autovacuum is kept away from, and that is updated."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=("alter table orders set (autovacuum_enabled = off)",),
    workload=(
        Calls(
            text="update orders set total = total + 1 where id between %s and %s",
            parameters=lambda n: (n * 1000, n * 1000 + 999),
        ),
    ),
    ends_vacuumed=False,
    late=("analyze",),
)
