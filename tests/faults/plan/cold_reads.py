"""A table larger than the cache that is read for a few of its rows."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="Seq Scan on public.documents",
    schema="""
        create table documents (id bigint primary key, kind int not null, body text not null);
        alter table documents alter column body set storage plain;
        insert into documents
        select n, n % 1000, repeat('x', 7000) from generate_series(1, 8000) n;
    """,
    explained=("select count(body) from documents where kind = 5",),
    mend=("create index documents_kind_idx on documents (kind)", "analyze documents"),
    restart_with={"shared_buffers": "16MB"},
    limits={"min_read_time_ms": 2.0, "min_read_time_ratio": 0.3},
    why_lower="its disk is memory, from which a block takes microseconds",
)
