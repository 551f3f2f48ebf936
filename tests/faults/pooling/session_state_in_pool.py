"""Jobs that are locked for a session, through a pool that gives each transaction another one."""

from __future__ import annotations

from pgadvisor.model.machine import Pool, PoolMode
from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="advisory locks of sessions",
    schema=ORDERS,
    workload=(Calls(text="select pg_try_advisory_lock(%s)", parameters=lambda n: (n,)),),
    mend=(),
    rewritten=(Calls(text="select pg_try_advisory_xact_lock(%s)", parameters=lambda n: (n,)),),
    pools=(Pool(name="pgbouncer", size=10, mode=PoolMode.TRANSACTION),),
)
