"""A role with a cost constant of a hundred times the usual."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="cpu_tuple_cost",
    schema=ORDERS,
    plant=("alter role app set cpu_tuple_cost = 1",),
    explained=("select sum(total) from orders",),
    mend=("alter role app reset cpu_tuple_cost",),
)
