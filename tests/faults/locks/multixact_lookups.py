"""Two sessions that share the locks of forty thousand rows, while a third changes them."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_ROWS = 40_000
"""Their lists take more blocks than the caches have, since PostgreSQL 17, too."""
_TIMES = 4_000
_SHARE_EACH = f"""
    do $$
    begin
        for n in 1..{_ROWS} loop
            begin  -- a transaction of its own, without which all rows would share one list
                perform from orders where id = n for key share;
            exception when lock_not_available then
                null;
            end;
        end loop;
    end $$
"""


def share_all_locks(dsn: str) -> None:
    """Let each change look up who else has locked its row."""
    with psycopg.connect(dsn) as first, psycopg.connect(dsn) as second:
        first.execute("select count(*) from (select from orders for key share) locked")
        second.execute(_SHARE_EACH.encode())
        with psycopg.connect(dsn, autocommit=True) as third, third.pipeline():
            for n in range(_TIMES):
                third.execute(
                    "update orders set total = total + 1 where id = %s",
                    (n * 7_919 % _ROWS + 1,),
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
