"""Half of the rows are dead, and no vacuum has come for weeks."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.readings",
    schema="""
        create table readings (id bigint generated always as identity primary key, value float);
        insert into readings (value) select n from generate_series(1, 250000) n;
    """,
    workload=(
        Calls(text="delete from readings where id %% 2 = %s", times=1, parameters=lambda n: (n,)),
    ),
    ends_vacuumed=False,
    late=("analyze readings",),
    mend=("vacuum readings",),
    rewritten=(),
)
