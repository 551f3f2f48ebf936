"""A server that was never upgraded, some years from now."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(subject="PostgreSQL ", schema=ORDERS, mend=(), later_days=5 * 366)
