"""Workers that look for a job nine times a second, and there is none."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.fault import Fault
from tests.faults.shops import JOBS, POLL

FAULT = Fault(
    subject="public.jobs",
    schema=JOBS + "create index jobs_pending_idx on jobs (created_at) where state = 'pending';",
    workload=(POLL,),
    mend=(),
    rewritten=(replace(POLL, times=100),),
    days=0.01,
)
