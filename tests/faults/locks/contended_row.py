"""Sixteen sessions that count orders in one row."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.faults.fault import Calls, Fault

_SESSIONS = 16
_TIMES = 450
_COUNT = "update shops set order_count = order_count + 1 where id = %s"


def count_at_the_same_time(dsn: str) -> None:
    """Let each count go first for its session's transaction, which then does other things."""

    def transactions() -> None:
        with psycopg.connect(dsn, autocommit=True) as session:
            for _ in range(_TIMES):
                with session.transaction():
                    session.execute(_COUNT, (1,), prepare=True)
                    session.execute("select pg_sleep(0.0005)", prepare=True)

    with ThreadPoolExecutor(_SESSIONS) as sessions:
        for ended in [sessions.submit(transactions) for _ in range(_SESSIONS)]:
            ended.result()


FAULT = Fault(
    subject="public.shops",
    schema="""
        create table shops (id int primary key, order_count int not null);
        insert into shops values (1, 0);
    """,
    workload=(Calls(text=_COUNT, times=100, parameters=lambda _: (1,)),),
    act=count_at_the_same_time,
    mend=(),
    rewritten=(Calls(text=_COUNT, times=_SESSIONS * _TIMES, parameters=lambda _: (1,)),),
    days=7.1,
)
