"""A WITH query that is kept from using the index on the customer."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="statement ",
    schema=ORDERS,
    workload=(
        Calls(
            text="with sold as materialized (select * from orders where total >= 0)"
            " select * from sold where customer_id = %s",
            parameters=lambda n: (n * 7 % 2000 + 1,),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="with sold as (select * from orders where total >= 0)"
            " select * from sold where customer_id = %s",
            parameters=lambda n: (n * 7 % 2000 + 1,),
        ),
    ),
    beside={"spilling-statement": "what the WITH query makes does not fit into work_mem"},
)
