"""An extension that was left as it was when its files were updated."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="pg_trgm",
    schema=ORDERS,
    plant=("create extension pg_trgm version '1.3'",),
    mend=("alter extension pg_trgm update",),
)
