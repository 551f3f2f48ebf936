"""Two megabytes of buffers on a machine of sixty-four, and ten that are read all the time."""

from __future__ import annotations

from pgadvisor.model.machine import Machine
from pgadvisor.units import MiB
from tests.faults.fault import Calls, Fault
from tests.faults.place import Place


def _give_more(place: Place) -> None:
    place.run("alter system set shared_buffers = '16MB'")
    place.cluster.restart()


FAULT = Fault(
    subject="shared_buffers",
    schema="""
        create table pages (
            id bigint generated always as identity primary key,
            is_public boolean not null,
            body text not null
        );
        alter table pages alter body set storage plain;
        insert into pages (is_public, body)
        select n % 2 = 0, repeat('x', 7000) from generate_series(1, 1200) n;
    """,
    workload=(Calls(text="select count(*) from pages where is_public", times=220),),
    mend=_give_more,
    restart_with={"shared_buffers": "2MB"},
    machine=Machine(memory_bytes=64 * MiB),
    days=8,
)
