"""A role for which hash joins were switched off once."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="enable_hashjoin",
    schema=ORDERS,
    plant=("alter role app set enable_hashjoin = off",),
    explained=(
        "select name, sum(total) from orders join customers c on c.id = customer_id group by 1",
    ),
    mend=("alter role app reset enable_hashjoin",),
)
