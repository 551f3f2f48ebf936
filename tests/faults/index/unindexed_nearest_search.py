"""The nearest of many vectors, by the distance of every one."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.documents.embedding",
    schema="""
        create table documents (
            id bigint generated always as identity primary key,
            title text not null
        );
        insert into documents (title) select 'document ' || n from generate_series(1, 110000) n;
    """,
    plant=(
        "create extension vector",
        "alter table documents add embedding vector(96)",
        (
            "update documents set embedding ="
            " array(select sin(id * n) from generate_series(1, 96) n)::vector"
        ),
        "vacuum full documents",
    ),
    workload=(
        Calls(
            text="select id from documents order by embedding <-> array_fill(%s::float8, '{96}')"
            "::vector limit 10",
            parameters=lambda n: (n / 20,),
        ),
    ),
    mend=(
        (
            "create index documents_embedding_idx on documents"
            " using ivfflat (embedding vector_l2_ops) with (lists = 80)"
        ),
    ),
    needs="select exists (select from pg_available_extensions where name = 'vector')",
)
