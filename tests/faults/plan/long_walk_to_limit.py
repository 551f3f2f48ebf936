"""The latest events of the tenant that has none of late."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    schema=EVENTS + "create index events_at_idx on events (at);",
    explained=("select note from events where tenant_id = 0 order by at desc limit 20",),
)
