"""WAL that has room for one segment, while a hundred are written."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="max_wal_size",
    schema=ORDERS,
    plant=("alter system set max_wal_size = '32MB'", "select pg_reload_conf()"),
    workload=(
        Calls(
            text="select pg_logical_emit_message(false, 'shop', repeat('x', %s))",
            times=1_700,
            parameters=lambda _: (1_000_000,),
        ),
    ),
    mend=("alter system reset max_wal_size", "select pg_reload_conf()"),
    days=7.1,
)
