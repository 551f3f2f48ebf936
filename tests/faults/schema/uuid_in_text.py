"""UUIDs that are kept as text, in a table of two million rows."""

from __future__ import annotations

from tests.faults.fault import Fault, Size

FAULT = Fault(
    subject="public.tokens.id",
    schema="""
        create table tokens (id uuid primary key, at timestamptz not null, note text not null);
        insert into tokens
        select gen_random_uuid(), now(), repeat('x', 100) from generate_series(1, 60000) n;
    """,
    plant=("alter table tokens alter id type text",),
    mend=("alter table tokens alter id type uuid using id::uuid",),
    sizes=(Size(table="tokens", size_bytes=400 << 20, rows=2_000_000),),
)
