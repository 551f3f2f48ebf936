"""A hash join that does not fit into work_mem."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="Hash",
    schema=ORDERS + "create table archived_orders as select * from orders;",
    plant=("alter role app set work_mem = '256kB'",),
    explained=(
        "select count(o.note), count(a.note) from orders o join archived_orders a on a.id = o.id",
    ),
    mend=("alter role app set work_mem = '128MB'",),
    limits={"min_time_ms": 5.0},
    why_lower="tables whose join takes long on a fast machine take minutes to fill",
    beside={"no-primary-key": "the archive needs none here"},
)
