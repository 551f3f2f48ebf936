"""Orders are looked up by a column that no index has."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="select id, total from orders where created_at >= now() - %s * interval '1 minute'"
            " and created_at < now() - %s * interval '1 minute'",
            times=200,
            parameters=lambda n: (n * 10 + 20, n * 10),
        ),
    ),
)
