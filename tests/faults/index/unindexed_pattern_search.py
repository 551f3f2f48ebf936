"""Parts of titles, looked for in all of them."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.titles.title",
    schema="""
        create table titles (
            id bigint generated always as identity primary key,
            title text not null,
            note text not null
        );
        insert into titles (title, note)
        select md5(n::text) || ' ' || md5((n * 7)::text), repeat('x', 60)
        from generate_series(1, 120000) n;
    """,
    workload=(
        Calls(
            text="select id from titles where title ilike '%%' || %s || '%%'",
            parameters=lambda n: (f"{n:02d}ab{n:02d}c",),
        ),
    ),
    mend=(
        "create extension pg_trgm",
        "create index titles_title_idx on titles using gin (title gin_trgm_ops)",
    ),
)
