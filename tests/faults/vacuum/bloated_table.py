"""Two gigabytes for sixty thousand rows, after a mass of deletes."""

from __future__ import annotations

from tests.faults.fault import Fault, Size
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    sizes=(Size(table="orders", size_bytes=2 << 30, rows=60_000, is_fault=True),),
    mend=("vacuum full orders",),
)
