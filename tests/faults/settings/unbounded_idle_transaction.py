"""The application writes, and nothing ends a transaction that it forgets."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="app",
    schema=ORDERS,
    workload=(
        Calls(
            text="update orders set status = 'done' where id = %s",
            times=200,
            parameters=lambda n: (n + 1,),
        ),
    ),
    mend=("alter role app set idle_in_transaction_session_timeout = '60s'",),
)
