"""All orders made, to keep those of one customer."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="WITH recent",
    schema=ORDERS,
    explained=(
        (
            "with recent as materialized (select * from orders) select * from recent"
            " where customer_id = 42"
        ),
    ),
    beside={"kept-rows-on-disk": "the rows of the CTE are more than work_mem holds"},
    mend=(),
    explained_once_mended=(
        "with recent as (select * from orders) select * from recent where customer_id = 42",
    ),
)
