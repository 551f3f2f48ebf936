"""Sixty-four kilobytes of buffers for WAL, and statements that write more than that."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS


def _give_more(place: Place) -> None:
    place.run("alter system set wal_buffers = '16MB'")
    place.cluster.restart()


FAULT = Fault(
    subject="wal_buffers",
    schema=ORDERS,
    restart_with={"wal_buffers": "64kB"},
    workload=(
        Calls(
            text="update orders set total = total + 1 where id between %s and %s",
            parameters=lambda n: (n * 3000 + 1, n * 3000 + 3000),
        ),
    ),
    mend=_give_more,
    limits={"min_full_per_day_count": 5},
    why_lower="buffers that are full once a second for days would take hours to fill",
    days=8,
)
