"""Foreign keys that a bulk load has turned off, and nobody on again."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=("alter table orders disable trigger all",),
    mend=("alter table orders enable trigger all",),
)
