"""Four sessions whose plans ask for two workers each, of two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_SESSIONS = 4
_TIMES = 100


def report_at_the_same_time(dsn: str) -> None:
    """Let reports run side by side, on a machine that can run two or three."""

    def reports() -> None:
        with psycopg.connect(dsn, autocommit=True) as session:
            for _ in range(_TIMES):
                session.execute("select status, sum(total) from orders group by status")

    with ThreadPoolExecutor(_SESSIONS) as sessions:
        for ended in [sessions.submit(reports) for _ in range(_SESSIONS)]:
            ended.result()


FAULT = Fault(
    subject="max_parallel_workers",
    schema=ORDERS,
    plant=(
        "alter system set max_parallel_workers = 2",
        "select pg_reload_conf()",
        "alter role app set parallel_setup_cost = 0",
        "alter role app set parallel_tuple_cost = 0",
        "alter role app set min_parallel_table_scan_size = 0",
    ),
    act=report_at_the_same_time,
    mend=("alter system reset max_parallel_workers", "select pg_reload_conf()"),
    limits={"min_planned_per_day_count": 10},
    why_lower="a thousand workers a day for a week take minutes to start",
    days=8,
    majors=(18,),
)
