"""An index on the tenant alone, where a code of the largest tenant is looked for."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    # Enough rows that it takes several times the rule's limit on a fast machine, too.
    schema=EVENTS
    + """
        insert into events
        select n, 4, md5(n::text), now(), repeat('x', 60) from generate_series(200001, 350000) n;
        create index events_tenant_id_idx on events (tenant_id);
    """,
    explained=("select note from events where tenant_id = 4 and code = md5('77')",),
)
