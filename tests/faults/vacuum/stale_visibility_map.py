"""Readings that are corrected here and there, and counted by an index alone."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.readings",
    schema="""
        create table readings (
            id bigint generated always as identity (start 0 minvalue 0) primary key,
            sensor_id int not null,
            value float not null
        );
        insert into readings (sensor_id, value)
        select n / 2000, n from generate_series(0, 1199999) n;
        create index readings_sensor_id_idx on readings (sensor_id);
    """,
    workload=(
        Calls(
            text="update readings set value = value + 1 where id = %s",
            times=20_000,
            parameters=lambda n: (n * 60 + 7,),
        ),
        Calls(
            text="select count(*) from readings where sensor_id = %s",
            times=1_200,
            parameters=lambda n: (n % 600,),
        ),
    ),
    ends_vacuumed=False,
    late=("analyze",),
)
