"""Two sessions that share the locks of sixty thousand rows, while a third changes them."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_TIMES = 4_000


def share_all_locks(dsn: str) -> None:
    """Let each change look up who else has locked its row."""
    lock_all = "select count(*) from (select from orders for key share) locked"
    with psycopg.connect(dsn) as first, psycopg.connect(dsn) as second:
        first.execute(lock_all)
        second.execute(lock_all)
        with psycopg.connect(dsn, autocommit=True) as third, third.pipeline():
            for n in range(_TIMES):
                third.execute(
                    "update orders set total = total + 1 where id = %s",
                    (n * 7_919 % 60_000 + 1,),
                    prepare=True,
                )


FAULT = Fault(
    subject="multixacts",
    schema=ORDERS,
    act=share_all_locks,
    mend=(),
    limits={"min_reads_per_day_count": 10},
    why_lower="a read a second for a week would take millions of changes",
    days=8,
)
