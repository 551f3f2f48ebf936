"""A server that never waits for its disk."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="fsync",
    schema=ORDERS,
    plant=("alter system set fsync = off", "select pg_reload_conf()"),
    mend=("alter system reset fsync", "select pg_reload_conf()"),
)
