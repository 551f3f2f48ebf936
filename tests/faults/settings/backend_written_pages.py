"""A megabyte of shared buffers, and a background writer that was switched off."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="bgwriter_lru_maxpages",
    schema=ORDERS,
    plant=("alter system set bgwriter_lru_maxpages = 0", "select pg_reload_conf()"),
    workload=(
        Calls(
            text="update orders set total = total + 1 where id = %s",
            times=6_000,
            parameters=lambda n: (n * 20 % 60_000 + n // 3_000 + 1,),
        ),
    ),
    mend=("alter system reset bgwriter_lru_maxpages", "select pg_reload_conf()"),
    restart_with={"shared_buffers": "1MB"},
    days=8,
    limits={"min_daily_bytes": 1 << 20},
    why_lower="10 GiB on each day of a week are 70 GiB",
)
