"""A pool that asks whether the connection lives before each statement."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import CUSTOMERS

LOOKUP = Calls(
    text="select name from customers where id = %s",
    times=3_000,
    parameters=lambda n: (n % 2000 + 1,),
)
FAULT = Fault(
    subject="pings of connections",
    schema=CUSTOMERS,
    workload=(Calls(text="select 1", times=3_000), LOOKUP),
    mend=(),
    rewritten=(LOOKUP,),
    days=0.2,
)
