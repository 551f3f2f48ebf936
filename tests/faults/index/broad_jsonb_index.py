"""Documents that are only asked what they contain, with an index for all questions."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size

MIB = 1 << 20
FAULT = Fault(
    subject="public.documents_content_idx",
    schema="""
        create table documents (
            id bigint generated always as identity primary key,
            content jsonb not null
        );
        insert into documents (content)
        select jsonb_build_object('kind', n % 1000, 'number', n, 'text', repeat('x', 150))
        from generate_series(1, 60000) n;
    """,
    plant=("create index documents_content_idx on documents using gin (content)",),
    workload=(
        Calls(
            text="select id from documents where content @> jsonb_build_object('kind', %s::int)",
            parameters=lambda n: (n,),
        ),
    ),
    sizes=(
        Size(table="documents", size_bytes=160 * MIB, rows=600_000),
        Size(table="documents_content_idx", size_bytes=40 * MIB, rows=600_000),
    ),
    mend=(
        "create index documents_content_paths on documents using gin (content jsonb_path_ops)",
        "drop index documents_content_idx",
    ),
)
