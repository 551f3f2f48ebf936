"""A sort that does not fit into work_mem."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Sort",
    schema=ORDERS,
    plant=("alter role app set work_mem = '256kB'",),
    explained=(
        (
            "select note, total, id from orders, generate_series(1, 4) as copy"
            " order by copy, note, total"
        ),
    ),
    mend=("alter role app set work_mem = '256MB'",),
    limits={"min_time_ms": 5.0, "min_time_ratio": 0.01, "min_warning_ratio": 0.01},
    why_lower="files of a test lie in memory, where they cost too little to be told",
)
