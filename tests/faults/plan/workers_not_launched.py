"""A parallel plan in a session that gets no workers."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Gather",
    schema=ORDERS
    + """
        insert into orders (customer_id, status, total, created_at, note)
        select customer_id, status, total, created_at, note from orders, generate_series(1, 4);
    """,
    plant=("alter role app set max_parallel_workers = 0",),
    explained=("select count(*) from orders where md5(note || total) < '8'",),
    mend=("alter role app reset max_parallel_workers",),
)
