"""A table that is read as a whole for one row."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import EVENTS

FAULT = Fault(
    subject="public.events",
    # So many rows that they take a multiple of the rule's time on any machine.
    schema=EVENTS
    + """
        insert into events
        select n, n / 50001, md5(n::text), now(), repeat('x', 60)
        from generate_series(200001, 600000) n;
    """,
    # By one process: what starting workers takes is no part of the scan.
    explained=(
        "set max_parallel_workers_per_gather = 0; select note from events where code = md5('77')",
    ),
)
