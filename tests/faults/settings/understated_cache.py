"""The planner is told of four megabytes of cache."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="effective_cache_size",
    schema=ORDERS,
    plant=("alter system set effective_cache_size = '4MB'", "select pg_reload_conf()"),
    mend=("alter system reset effective_cache_size", "select pg_reload_conf()"),
)
