"""Neither waits for locks nor the time of reads are recorded."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="server",
    schema=ORDERS,
    plant=(
        "alter system set log_lock_waits = off",
        "alter system set track_io_timing = off",
        "select pg_reload_conf()",
    ),
    mend=(
        "alter system reset log_lock_waits",
        "alter system reset track_io_timing",
        "select pg_reload_conf()",
    ),
)
