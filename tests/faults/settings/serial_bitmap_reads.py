"""Bitmap scans of scattered wide rows on an SSD, one block after the other."""

from __future__ import annotations

from pgadvisor.model.machine import Machine, StorageKind
from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="app",
    schema="""
        create table pages (
            id bigint generated always as identity primary key,
            topic int not null,
            body text not null
        );
        alter table pages alter body set storage plain;
        insert into pages (topic, body) select n % 30, repeat('x', 3900)
        from generate_series(1, 6000) n;
        create index pages_topic_idx on pages (topic);
    """,
    plant=("alter role app set effective_io_concurrency = 1",),
    workload=(
        Calls(
            text="select count(body) from pages where topic = %s",
            times=200,
            parameters=lambda n: (n % 30,),
        ),
    ),
    restart_with={"shared_buffers": "2MB"},
    machine=Machine(storage=StorageKind.SSD),
    limits={"min_block_ms": 0, "min_read_time_ratio": 0.02},
    why_lower="the files of the tests lie in memory, where a block takes a few microseconds",
)
