"""A WITH query that is kept on disk, though it is used once."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="CTE Scan on o",
    schema=ORDERS,
    explained=(
        (
            "with o as materialized (select orders.* from orders, generate_series(1, 4))"
            " select sum(total), min(note) from o"
        ),
    ),
    explained_once_mended=(
        (
            "with o as not materialized (select orders.* from orders, generate_series(1, 4))"
            " select sum(total), min(note) from o"
        ),
    ),
    mend=(),
)
