"""Two transactions that lock the same rows in opposite orders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_TIMES = 10


def deadlock_often(dsn: str) -> None:
    """Let two sessions run into deadlocks; one is ended each time."""
    both_hold_one, both_have_ended = Barrier(2), Barrier(2)

    def transactions(first: int, second: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as session:
            for _ in range(_TIMES):
                with suppress(psycopg.errors.DeadlockDetected), session.transaction():
                    session.execute("update orders set total = 1 where id = %s", (first,))
                    both_hold_one.wait()
                    session.execute("update orders set total = 2 where id = %s", (second,))
                both_have_ended.wait()

    with ThreadPoolExecutor(2) as sessions:
        for ended in [sessions.submit(transactions, *ids) for ids in ((1, 2), (2, 1))]:
            ended.result()


FAULT = Fault(
    subject="database ",
    schema=ORDERS,
    plant=("alter system set deadlock_timeout = '10ms'", "select pg_reload_conf()"),
    act=deadlock_often,
    mend=(),
    days=8,
)
