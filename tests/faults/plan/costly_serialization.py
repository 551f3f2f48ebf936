"""Long documents that are sent, where their titles would do."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="serialization of the result",
    schema="""
        create table documents (id bigint primary key, title text not null, body text not null);
        insert into documents
        select n, 'document ' || n, (select string_agg(md5((n * i)::text), '') from
            generate_series(1, 1500) i)
        from generate_series(1, 2000) n;
    """,
    explained=("select * from documents",),
    explained_with="analyze, buffers, settings, verbose, serialize text",
    explained_once_mended=("select id, title from documents",),
    mend=(),
    majors=(18,),
    limits={"min_serialization_time_ms": 5.0, "min_serialization_ratio": 0.3},
    why_lower="what its disk holds is in memory, and a result of gigabytes takes minutes to fill",
)
