"""The slot of a standby that was taken down."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS
from tests.faults.standbys import NEXT_SEGMENT

FAULT = Fault(
    subject="old_standby",
    schema=ORDERS,
    plant=(
        "select pg_create_physical_replication_slot('old_standby', true)",
        *[NEXT_SEGMENT] * 66,
    ),
    mend=("select pg_drop_replication_slot('old_standby')",),
)
