"""Workers that wait for the row that another one has taken."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.fault import Calls, Fault
from tests.faults.shops import JOBS, POLL

FAULT = Fault(
    subject="public.jobs",
    schema=JOBS
    + """
        insert into jobs (state, created_at, payload)
        select 'pending', now(), 'x' from generate_series(1, 2000);
    """,
    workload=(
        Calls(
            text="select id from jobs where state = 'pending' order by created_at limit 1"
            " for update",
            times=100,
        ),
        Calls(
            text="update jobs set state = 'done' where id = %s",
            times=100,
            parameters=lambda n: (60_001 + n,),
        ),
    ),
    rewritten=(
        replace(POLL, times=100),
        Calls(
            text="update jobs set state = 'done' where id = %s",
            times=100,
            parameters=lambda n: (60_201 + n,),
        ),
    ),
    beside={"missing-index": "the poll wants an index in its order"},
)
