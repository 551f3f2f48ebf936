"""A sort that does not fit into work_mem."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Sort",
    schema=ORDERS,
    explained=(
        (
            "select note, total, id from orders, generate_series(1, 4) as copy"
            " order by copy, note, total"
        ),
    ),
    mend=("alter role app set work_mem = '256MB'",),
)
