"""What CREATE UNIQUE INDEX CONCURRENTLY leaves behind when rows are not unique."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS


def build_in_vain(dsn: str) -> None:
    """Build a unique index over what is not unique."""
    with psycopg.connect(dsn, autocommit=True) as session, suppress(psycopg.errors.UniqueViolation):
        session.execute("create unique index concurrently orders_total_key on orders (total)")


FAULT = Fault(
    subject="public.orders_total_key",
    schema=ORDERS,
    act=build_in_vain,
    mend=("drop index orders_total_key",),
)
