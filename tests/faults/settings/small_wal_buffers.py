"""Sixty-four kilobytes of buffers for WAL, and statements that write more than that."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS


def _give_more(place: Place) -> None:
    place.run("alter system set wal_buffers = '16MB'")
    place.cluster.restart()


def _update(first: int) -> Calls:
    """In a session, and so a transaction, of its own: two megabytes of WAL, and not forty."""
    text = "update orders set total = total + 1 where id between %s and %s"
    return Calls(text=text, times=1, parameters=lambda _: (first, first + 2_999))


FAULT = Fault(
    subject="wal_buffers",
    schema=ORDERS,
    restart_with={"wal_buffers": "64kB"},
    workload=tuple(_update(first) for first in range(1, 60_001, 3_000)),
    mend=_give_more,
    limits={"min_full_per_day_count": 5},
    why_lower="buffers that are full once a second for days would take hours to fill",
    days=8,
)
