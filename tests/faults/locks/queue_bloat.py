"""A queue that keeps its finished jobs, so that vacuum waits for many dead rows."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.config import GateLimits
from tests.faults.fault import Calls, Fault
from tests.faults.shops import JOBS, POLL

FAULT = Fault(
    subject="public.jobs",
    schema=JOBS + "create index jobs_pending_idx on jobs (created_at) where state = 'pending';",
    workload=(
        replace(POLL, times=2_000),
        Calls(
            text="update jobs set payload = payload || '.' where id between %s and %s",
            parameters=lambda n: (n * 1000, n * 1000 + 999),
        ),
    ),
    days=0.1,
    gates=GateLimits(usage_window_days=0.1),
    why_lower="a week of a busy queue is a million changes",
)
