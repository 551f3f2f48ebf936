"""Compilation of a short statement, from a cost that somebody lowered."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="just-in-time compilation",
    schema=ORDERS,
    plant=(
        "alter role app set jit_above_cost = 100",
        "alter role app set jit_optimize_above_cost = 100",
    ),
    explained=("select status, sum(total), count(*) from orders where total > 5 group by status",),
    mend=("alter role app reset jit_above_cost",),
    needs="select pg_jit_available()",
)
