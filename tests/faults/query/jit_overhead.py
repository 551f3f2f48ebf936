"""Compilation for short statements, as somebody has lowered the cost from which it comes."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="just-in-time compilation",
    schema=ORDERS,
    plant=("alter role app set jit_above_cost = 100",),
    workload=(
        Calls(
            text="select status, sum(total), count(*) from orders where total > %s group by status",
            parameters=lambda n: (n,),
        ),
    ),
    mend=("alter role app reset jit_above_cost",),
    needs="select pg_jit_available()",
)
