"""A setting that was changed, and no restart since."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="max_connections",
    schema=ORDERS,
    plant=("alter system set max_connections = 60", "select pg_reload_conf()"),
    mend=("alter system reset max_connections", "select pg_reload_conf()"),
)
