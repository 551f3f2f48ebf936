"""Eight workers for a scan, of which two can start."""

from __future__ import annotations

from tests.faults.fault import Fault, Size
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="max_parallel_workers_per_gather",
    schema=ORDERS,
    plant=(
        "alter system set max_parallel_workers_per_gather = 8",
        "alter system set max_parallel_workers = 2",
        "select pg_reload_conf()",
    ),
    mend=(
        "alter system reset max_parallel_workers_per_gather",
        "alter system reset max_parallel_workers",
        "select pg_reload_conf()",
    ),
    sizes=(Size(table="orders", size_bytes=2 << 30, rows=12_000_000),),
)
