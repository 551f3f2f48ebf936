"""An aggregate of many groups where the planner expected few."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Aggregate",
    schema=ORDERS,
    plant=("alter role app set work_mem = '256kB'",),
    # Wide rows, so that writing them takes more than grouping them does on any machine.
    explained=(
        (
            "select n, count(*), max(note) from"
            " (select generate_series(1, 300000) as n, repeat('x', 300) as note) numbers group by n"
        ),
    ),
    mend=("alter role app set work_mem = '256MB'",),
)
