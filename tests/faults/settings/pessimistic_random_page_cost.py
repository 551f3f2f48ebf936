"""All is in memory, and costed as from a disk."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="random_page_cost",
    schema=ORDERS,
    workload=(
        Calls(
            text="select sum(o.total) from generate_series(1, 60000) g,"
            " lateral (select total from orders where id = g offset 0) o",
            times=20,
        ),
        Calls(
            text="select count(*) from orders where total > %s",
            times=100,
            parameters=lambda n: (n,),
        ),
    ),
    mend=("alter role app set random_page_cost = 1.1",),
    days=8,
    beside={"jit-overhead": "what looks so dear is compiled, where the server can"},
)
