"""An index on the tenant alone, where a code of the tenant is looked for."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    schema=EVENTS + "create index events_tenant_id_idx on events (tenant_id);",
    explained=("select note from events where tenant_id = 2 and code = md5('77')",),
)
