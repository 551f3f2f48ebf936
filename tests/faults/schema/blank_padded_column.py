"""Names of cities in character(40)."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders.city",
    schema=ORDERS + "alter table orders add city character varying(40);"
    "update orders set city = 'city ' || id % 500;",
    plant=("alter table orders alter city type character(40)",),
    mend=("alter table orders alter city type character varying(40)",),
)
