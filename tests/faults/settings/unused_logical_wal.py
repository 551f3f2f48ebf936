"""WAL for a change capture that was never built."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS


def _write_less(place: Place) -> None:
    place.run("alter system set wal_level = 'replica'")
    place.cluster.restart()


FAULT = Fault(
    subject="wal_level",
    schema=ORDERS,
    restart_with={"wal_level": "logical"},
    workload=(
        Calls(
            text="update orders set total = total + 1 where id between %s and %s",
            parameters=lambda n: (n * 3000 + 1, n * 3000 + 3000),
        ),
    ),
    mend=_write_less,
    days=8,
    limits={"min_daily_bytes": 100_000, "min_updates_per_day_count": 5_000},
    why_lower="10 GiB of WAL on each day of a week are 70 GiB",
)
