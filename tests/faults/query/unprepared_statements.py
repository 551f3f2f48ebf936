"""Look-ups by key that are sent as text each time."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

_LOOKUP = "select total, note from orders where id = %s"

FAULT = Fault(
    subject="app",
    schema=ORDERS,
    plant=("alter system set pg_stat_statements.track_planning = on", "select pg_reload_conf()"),
    workload=(
        Calls(
            text=_LOOKUP,
            times=10_000,
            parameters=lambda n: (n * 7 % 60_000 + 1,),
            is_prepared=False,
        ),
    ),
    mend=(),
    rewritten=(Calls(text=_LOOKUP, times=10_000, parameters=lambda n: (n * 7 % 60_000 + 1,)),),
    limits={"min_calls_per_day_count": 1_000},
    why_lower="a hundred calls a second for a week take a day",
    days=8,
)
