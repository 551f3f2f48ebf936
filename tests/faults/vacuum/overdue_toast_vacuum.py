"""Documents that were written anew, and whose old text nobody has removed for weeks."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault, Size

FAULT = Fault(
    subject="public.documents",
    schema="""
        create table documents (
            id bigint generated always as identity primary key,
            content text not null
        );
        insert into documents (content)
        select string_agg(md5(n::text || m), '')
        from generate_series(1, 2000) n, generate_series(1, 250) m group by n;
    """,
    workload=(
        Calls(
            text="update documents set content = reverse(content) where id <= %s",
            times=1,
            parameters=lambda _: (1_000,),
        ),
    ),
    ends_vacuumed=False,
    late=("analyze",),
    sizes=(Size(table="documents", size_bytes=2 << 30, rows=1_000_000, is_toast=True),),
    mend=(
        "alter table documents set (toast.autovacuum_vacuum_scale_factor = 0.05)",
        "vacuum documents",
    ),
    rewritten=(),
)
