"""An index on refunds, which hardly any order has."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size
from tests.faults.shops import ORDERS

MIB = 1 << 20
FAULT = Fault(
    subject="public.orders_refund_id_idx",
    schema=ORDERS
    + """
        alter table orders add refund_id bigint;
        update orders set refund_id = id where id % 50 = 0;
    """,
    plant=("create index orders_refund_id_idx on orders (refund_id)",),
    workload=(
        Calls(
            text="select total from orders where refund_id = %s",
            parameters=lambda n: (n * 50,),
        ),
    ),
    sizes=(
        Size(table="orders", size_bytes=2_048 * MIB, rows=12_000_000),
        Size(table="orders_refund_id_idx", size_bytes=80 * MIB, rows=12_000_000),
    ),
    mend=(
        "create index orders_refund_id_given on orders (refund_id) where refund_id is not null",
        "drop index orders_refund_id_idx",
    ),
)
