"""A connection for each statement, one and a half of them a second."""

from __future__ import annotations

import psycopg

from pgadvisor.config import GateLimits
from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

_DAYS = 0.01
_TIMES = 1_300


def connect_often(dsn: str) -> None:
    """Connect, ask one thing, and leave."""
    for number in range(_TIMES):
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("select total from orders where id = %s", (number + 1,))


FAULT = Fault(
    subject="shop",
    schema=ORDERS,
    act=connect_often,
    mend=(),
    days=_DAYS,
    gates=GateLimits(usage_window_days=_DAYS),
    why_lower="a week of a connection a second is 600,000 connections",
)
