"""An index on tokens, nine of ten of which were deleted, all over it."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

# Where a token stands in the table tells nothing of where it stands in the index: vacuum can cut
# off the table's end, and no page of the index.
FAULT = Fault(
    subject="public.sessions_token_idx",
    schema="""
        create table sessions (
            id bigint generated always as identity primary key,
            token text not null
        );
        insert into sessions (token)
        select repeat(md5(n::text), 15) from generate_series(1, 270000) n;
        create index sessions_token_idx on sessions (token);
    """,
    plant=("delete from sessions where id > 27000",),
    workload=(
        Calls(
            text="select id from sessions where token = repeat(md5(%s::text), 15)",
            parameters=lambda n: (n + 1,),
        ),
    ),
)
