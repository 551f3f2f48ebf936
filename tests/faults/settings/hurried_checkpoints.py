"""A completion target of the time before PostgreSQL 14."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="checkpoint_completion_target",
    schema=ORDERS,
    plant=("alter system set checkpoint_completion_target = 0.5", "select pg_reload_conf()"),
    workload=(
        Calls(
            text="update orders set total = total + 1 where id between %s and %s",
            parameters=lambda n: (n * 100, n * 100 + 100),
        ),
    ),
    mend=("alter system reset checkpoint_completion_target", "select pg_reload_conf()"),
    days=8,
    limits={"min_wal_bytes": 100},
    why_lower="64 MiB in each five minutes of a week would be 126 GiB of WAL",
)
