"""A report on a temporary table of six megabytes, with one for it."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_TIMES = 20


def report_on_a_temporary_table(dsn: str) -> None:
    """Fill it once, and look at it often."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("create temporary table found as select * from orders where id <= 30000")
        for _ in range(_TIMES):
            session.execute("select sum(total) from found")


FAULT = Fault(
    subject="app",
    schema=ORDERS,
    plant=("alter role app set temp_buffers = '1MB'",),
    act=report_on_a_temporary_table,
    mend=("alter role app set temp_buffers = '16MB'",),
    limits={"min_daily_read_bytes": 1 << 20, "min_time_ratio": 0.001},
    why_lower="10 GiB a day are hours of reports, and the files of the tests lie in memory",
)
