"""An expression of which there are no statistics."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ADDRESSES

FAULT = Fault(
    subject="public.addresses",
    schema=ADDRESSES,
    explained=("select count(street) from addresses where lower(country) = 'country 1'",),
)
