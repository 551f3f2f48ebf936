"""A list of articles that fetches their texts as well."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.articles",
    schema="""
        create table articles (
            id bigint generated always as identity primary key,
            title text not null,
            created_at timestamptz not null,
            body text not null
        );
        alter table articles alter body set storage external;
        insert into articles (title, created_at, body)
        select 'article ' || n, now() - n * interval '1 hour', repeat(md5(n::text), 160)
        from generate_series(1, 1000) n;
        create index articles_created_at_idx on articles (created_at);
    """,
    workload=(Calls(text="select * from articles order by created_at desc limit 400"),),
    mend=(),
    rewritten=(Calls(text="select id, title from articles order by created_at desc limit 400"),),
)
