"""An index on the order and its state, which the primary key finds just as well."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size
from tests.faults.shops import ORDERS

MIB = 1 << 20
FAULT = Fault(
    subject="public.orders_id_status_idx",
    schema=ORDERS,
    plant=("create index orders_id_status_idx on orders (id, status)",),
    workload=(
        Calls(
            text="select total from orders where id = %s and status = 'open'",
            parameters=lambda n: (n * 20,),
        ),
    ),
    sizes=(
        Size(table="orders", size_bytes=120 * MIB, rows=600_000),
        Size(table="orders_id_status_idx", size_bytes=18 * MIB, rows=600_000),
    ),
)
