"""Pages by OFFSET, far down the list of orders."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    workload=(
        Calls(
            text="select id, total from orders order by id limit 20 offset %s",
            parameters=lambda n: (40_000 + n * 20,),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select id, total from orders where id > %s order by id limit 20",
            parameters=lambda n: (40_000 + n * 20,),
        ),
    ),
)
