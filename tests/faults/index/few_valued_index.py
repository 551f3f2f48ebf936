"""An index on whether an order is paid, which only a report uses that forbids other plans."""

from __future__ import annotations

import psycopg

from tests.faults.fault import Calls, Fault, Size
from tests.faults.shops import ORDERS

MIB = 1 << 20
BY_STATE = Calls(
    text="select sum(total) from orders where is_paid = %s", parameters=lambda n: (n % 2 == 0,)
)


def report(dsn: str) -> None:
    """Read half of the orders by the index, as somebody once thought that it was faster."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute("set enable_seqscan = off")
        session.execute("set enable_bitmapscan = off")
        session.execute("select sum(total) from orders where is_paid = true")


FAULT = Fault(
    subject="public.orders_is_paid_idx",
    schema=ORDERS
    + """
        alter table orders
            add is_paid boolean not null generated always as (customer_id % 2 = 0) stored;
    """,
    plant=("create index orders_is_paid_idx on orders (is_paid)",),
    act=report,
    workload=(BY_STATE,),
    sizes=(
        Size(table="orders", size_bytes=1_200 * MIB, rows=6_000_000),
        Size(table="orders_is_paid_idx", size_bytes=40 * MIB, rows=6_000_000),
    ),
    mend=("drop index orders_is_paid_idx",),
)
