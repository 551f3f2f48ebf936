"""A report of so many columns that its table is cut off, on a server that shows a kilobyte."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS

_DIGITS = ", ".join(
    f"count(*) filter (where total >= {n * 10} and total < {n * 10 + 10}) as totals_from_{n * 10}"
    for n in range(20)
)


def _show_more(place: Place) -> None:
    place.run("alter system set track_activity_query_size = '2kB'")
    place.cluster.restart()


FAULT = Fault(
    subject="track_activity_query_size",
    schema=ORDERS,
    restart_with={"track_activity_query_size": "1024"},
    workload=(
        Calls(
            text=f"select {_DIGITS} from orders where customer_id = %s",
            parameters=lambda n: (n + 1,),
        ),
    ),
    mend=_show_more,
)
