"""A page far down the list of events."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    schema=EVENTS,
    explained=("select id, note from events order by id limit 20 offset 150000",),
    mend=(),
    explained_once_mended=("select id, note from events where id > 150000 order by id limit 20",),
)
