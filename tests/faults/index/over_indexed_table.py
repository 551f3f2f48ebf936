"""Measurements that arrive all day, with an index on each of their columns."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

NAMES = [f"sensor_{n}" for n in range(1, 11)]
FAULT = Fault(
    subject="public.measurements",
    schema=f"""
        create table measurements (
            id bigint generated always as identity primary key,
            {", ".join(f"{name} integer not null" for name in NAMES)}
        );
        insert into measurements ({", ".join(NAMES)})
        select {", ".join(f"n * {place + 3} % 10007" for place in range(10))}
        from generate_series(1, 120000) n;
    """,
    plant=tuple(f"create index measurements_{name}_idx on measurements ({name})" for name in NAMES),
    workload=(
        Calls(
            text=f"insert into measurements ({', '.join(NAMES)})"
            f" select {', '.join(f'(n + %s) * {place + 3} %% 10007' for place in range(10))}"
            " from generate_series(1, 1000) n",
            times=90,
            parameters=lambda n: (n,) * 10,
        ),
        Calls(text="select id from measurements where sensor_1 = %s", parameters=lambda n: (n,)),
    ),
    mend=tuple(f"drop index measurements_{name}_idx" for name in NAMES[1:]),
    days=8,
)
