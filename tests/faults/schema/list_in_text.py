"""Tags of articles, as their numbers in one text."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.articles.tag_ids",
    schema="""
        create table articles (
            id bigint generated always as identity primary key,
            tag_ids text not null,
            body text not null
        );
        insert into articles (tag_ids, body)
        select concat_ws(',', n % 997, n % 499, n % 97), repeat('x', 150)
        from generate_series(1, 60000) n;
    """,
    workload=(
        Calls(
            text="select id from articles where ',' || tag_ids || ',' like '%%,' || %s || ',%%'",
            parameters=lambda n: (str(n),),
        ),
    ),
    mend=(
        (
            "alter table articles alter tag_ids type bigint[]"
            " using string_to_array(tag_ids, ',')::bigint[]"
        ),
        "create index articles_tag_ids_idx on articles using gin (tag_ids)",
    ),
    rewritten=(
        Calls(
            text="select id from articles where tag_ids @> array[%s::bigint]",
            parameters=lambda n: (n,),
        ),
    ),
    beside={"non-sargable-predicate": "no index serves a part of a text, list or not"},
)
