"""Prices of type money."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders.total",
    schema=ORDERS,
    plant=("alter table orders alter total type money",),
    mend=("alter table orders alter total type numeric(10, 2)",),
)
