"""Four columns of which each tells all others, asked for together."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ADDRESSES, IN_ONE_TOWN

FAULT = Fault(
    subject="public.addresses (country, region, city, zip)",
    schema=ADDRESSES,
    explained=(f"select count(street) from addresses where {IN_ONE_TOWN}",),
)
