"""An aggregate of many groups where the planner expected few."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Aggregate",
    schema=ORDERS,
    plant=("alter role app set work_mem = '256kB'",),
    explained=(
        (
            "select n, count(*), max(md5(n::text))"
            " from (select generate_series(1, 300000) as n) numbers group by n"
        ),
    ),
    mend=("alter role app set work_mem = '256MB'",),
    limits={"min_warning_ratio": 0.05},
    why_lower="files of a test lie in memory, where they cost too little for a warning",
)
