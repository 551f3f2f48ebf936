"""Customers whom nobody was referred by, where most were referred by nobody."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import CUSTOMERS

FAULT = Fault(
    subject="public.customers.referrer_id",
    schema=CUSTOMERS
    + """
        alter table customers add referrer_id bigint references customers (id);
        update customers set referrer_id = id / 20 where id % 20 = 0;
    """,
    workload=(
        Calls(
            text="select name from customers where id not in (select referrer_id from customers)"
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select c.name from customers c where not exists"
            " (select from customers r where r.referrer_id = c.id)"
        ),
    ),
)
