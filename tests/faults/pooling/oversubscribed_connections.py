"""Four instances with a pool of ten each, where ordinary roles may make thirty-seven."""

from __future__ import annotations

from pgadvisor.model.machine import Pool
from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="max_connections",
    schema=ORDERS,
    pools=(Pool(name="web", size=10, instances=4),),
    mend=(),
    mended_pools=(Pool(name="web", size=8, instances=4),),
)
