"""Updates that touch each page of a table once after a checkpoint."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="wal_compression",
    schema=ORDERS,
    workload=(
        Calls(
            text="update orders set total = total + 1 where id = %s",
            times=3_000,
            parameters=lambda n: (n * 20 + 1,),
        ),
    ),
    mend=("alter system set wal_compression = on", "select pg_reload_conf()"),
    days=8,
    limits={"min_daily_bytes": 1 << 20},
    why_lower="10 GiB of WAL on each day of a week are 70 GiB",
)
