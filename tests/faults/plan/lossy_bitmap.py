"""A bitmap of more pages than work_mem holds."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="Bitmap Heap Scan on public.readings",
    schema="""
        create table readings (
            id bigint primary key, sensor_id int not null, note text not null
        );
        insert into readings
        select n, n::bigint * 7919 % 10007, repeat('x', 600) from generate_series(1, 150000) n;
        create index readings_sensor_id_idx on readings (sensor_id);
    """,
    plant=("alter role app set work_mem = '64kB'",),
    explained=("select count(note) from readings where sensor_id < 200",),
    mend=("alter role app reset work_mem",),
    limits={"min_time_ms": 1.0},
    why_lower="a table whose rows take long to check takes minutes to fill",
)
