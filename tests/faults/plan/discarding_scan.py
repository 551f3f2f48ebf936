"""A table that is read as a whole for one row."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    schema=EVENTS,
    explained=("select note from events where code = md5('77')",),
)
