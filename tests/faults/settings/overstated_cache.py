"""Data of thirteen megabytes, ten of memory, and a planner that is told of sixteen."""

from __future__ import annotations

from pgadvisor.model.machine import Machine
from pgadvisor.units import MiB
from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="effective_cache_size",
    schema=ORDERS,
    restart_with={"shared_buffers": "2MB"},
    plant=("alter system set effective_cache_size = '16MB'", "select pg_reload_conf()"),
    mend=("alter system set effective_cache_size = '7MB'", "select pg_reload_conf()"),
    machine=Machine(memory_bytes=10 * MiB),
)
