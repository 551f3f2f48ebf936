"""A constraint that was added NOT VALID, and left at that."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders.total_check",
    schema=ORDERS,
    plant=("alter table orders add constraint total_check check (total >= 0) not valid",),
    mend=("alter table orders validate constraint total_check",),
)
