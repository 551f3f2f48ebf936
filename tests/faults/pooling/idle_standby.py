"""A standby that streams and that nobody asks, beside a primary that only reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS
from tests.faults.standbys import a_standby

_REPORT = "select status, sum(total) from orders group by status"


@contextmanager
def _that_is_idle(place: Place) -> Iterator[str]:
    with a_standby(place) as standby:
        yield standby.dsn(place.name)


@contextmanager
def _that_reports(place: Place) -> Iterator[str]:
    with a_standby(place) as standby:
        with psycopg.connect(standby.dsn(place.name, user="app"), autocommit=True) as session:
            for _ in range(40):
                session.execute(_REPORT)
        yield standby.dsn(place.name)


FAULT = Fault(
    subject="standby 1",
    schema=ORDERS,
    workload=(Calls(text=_REPORT, times=40),),
    meanwhile=_that_is_idle,
    mended_meanwhile=_that_reports,
    is_standby_beside=True,
    mend=(),
    limits={"min_busy_count": 0},
    why_lower="a statement at work all the time for a week would take a week",
    days=8,
    programs=("pg_basebackup",),
)
