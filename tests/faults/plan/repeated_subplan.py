"""The largest order of each customer, looked for one by one."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    explained=(
        (
            "select name, (select max(total) from orders where customer_id = customers.id)"
            " from customers"
        ),
    ),
    mend=(),
    explained_once_mended=(
        (
            "select name, largest from customers left join"
            " (select customer_id, max(total) as largest from orders group by customer_id) o"
            " on customer_id = id"
        ),
    ),
    beside={"compilation-dominates": "what looks so dear is compiled, where the server can"},
)
