"""Orders by their code or by their customer's name."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.customers, public.orders",
    schema=ORDERS
    + """
        alter table orders add code text;
        update orders set code = md5(id::text);
        create index orders_code_idx on orders (code);
        create index customers_name_idx on customers (name);
    """,
    workload=(
        Calls(
            text="select o.id from orders o join customers c on c.id = o.customer_id"
            " where o.code = md5(%s::text) or c.name = %s",
            parameters=lambda n: (n, f"customer {n}"),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select o.id from orders o join customers c on c.id = o.customer_id"
            " where o.code = md5(%s::text) union all"
            " select o.id from orders o join customers c on c.id = o.customer_id"
            " where c.name = %s and (o.code = md5(%s::text)) is not true",
            parameters=lambda n: (n, f"customer {n}", n),
        ),
    ),
)
