"""Views of articles that are counted in the row of the text."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.articles",
    schema="""
        create table articles (
            id bigint generated always as identity primary key,
            view_count bigint not null,
            body text not null
        ) with (fillfactor = 70);
        insert into articles (view_count, body)
        select 0, repeat('x', 1500) from generate_series(1, 2000) n;
    """,
    workload=(
        Calls(
            text="update articles set view_count = view_count + 1 where id = %s",
            times=12_000,
            parameters=lambda n: (n % 2000 + 1,),
        ),
    ),
    mend=(
        (
            "create table article_views (article_id bigint primary key references articles,"
            " view_count bigint not null) with (fillfactor = 70)"
        ),
        "insert into article_views select id, view_count from articles",
        "alter table articles drop view_count",
    ),
    rewritten=(
        Calls(
            text="update article_views set view_count = view_count + 1 where article_id = %s",
            times=12_000,
            parameters=lambda n: (n % 2000 + 1,),
        ),
    ),
    days=0.01,
)
