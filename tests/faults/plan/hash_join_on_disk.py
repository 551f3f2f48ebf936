"""A hash join that does not fit into what hashes may take, beside no sort that would not."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault
from tests.faults.shops import ORDERS

_JOIN = "select count(o.note), count(a.note) from orders o join archived_orders a on a.id = o.id"

FAULT = Fault(
    subject="Hash",
    schema=ORDERS + "create table archived_orders as select * from orders;",
    plant=("alter role app set work_mem = '2MB'",),
    workload=(Calls(text=_JOIN),),
    explained=("set max_parallel_workers_per_gather = 0; " + _JOIN,),
    limits={"min_time_ms": 5.0},
    why_lower="tables whose join takes long on a fast machine take minutes to fill",
    mend=("alter role app set hash_mem_multiplier = 5.5",),
    beside={
        "no-primary-key": "the archive needs none here",
        "spilling-statement": "the same files are counted for the statement as well",
    },
)
