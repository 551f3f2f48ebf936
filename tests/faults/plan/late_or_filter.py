"""Orders by their code or by their customer's name."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders, public.customers",
    schema=ORDERS
    + """
        alter table orders add code text;
        update orders set code = md5(id::text);
        create index orders_code_idx on orders (code);
        create index customers_name_idx on customers (name);
    """,
    explained=(
        (
            "select o.id from orders o join customers c on c.id = o.customer_id"
            " where o.code = md5('7') or c.name = 'customer 7'"
        ),
    ),
    mend=(),
    explained_once_mended=(
        (
            "select o.id from orders o join customers c on c.id = o.customer_id"
            " where o.code = md5('7') union all"
            " select o.id from orders o join customers c on c.id = o.customer_id"
            " where c.name = 'customer 7' and (o.code = md5('7')) is not true"
        ),
    ),
)
