"""Documents that are json, and searched by what is in them."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.documents.content",
    schema="""
        create table documents (
            id bigint generated always as identity primary key,
            content jsonb not null
        );
        insert into documents (content)
        select jsonb_build_object('kind', n % 1000, 'text', repeat('x', 150))
        from generate_series(1, 60000) n;
        create index documents_kind_idx on documents ((content ->> 'kind'));
    """,
    plant=(
        "drop index documents_kind_idx",
        "alter table documents alter content type json",
    ),
    workload=(
        Calls(
            text="select id from documents where content ->> 'kind' = %s",
            parameters=lambda n: (str(n),),
        ),
    ),
    mend=(
        "alter table documents alter content type jsonb",
        "create index documents_kind_idx on documents ((content ->> 'kind'))",
    ),
    beside={
        "missing-index": "an index on the expression pays, on json as well",
    },
)
