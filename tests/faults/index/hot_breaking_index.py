"""An index on when a user was last seen, which nearly nobody asks for."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.users_last_seen_at_idx",
    schema="""
        create table users (
            id bigint generated always as identity primary key,
            name text not null,
            last_seen_at timestamptz not null,
            about text not null
        ) with (fillfactor = 80);
        insert into users (name, last_seen_at, about)
        select 'user ' || n, now() - n * interval '1 minute', repeat('x', 300)
        from generate_series(1, 30000) n;
    """,
    plant=("create index users_last_seen_at_idx on users (last_seen_at)",),
    workload=(
        Calls(
            text="update users set last_seen_at = now() + %s * interval '1 second'"
            " where id between %s and %s",
            times=300,
            parameters=lambda n: (n, n % 100 * 300 + 1, n % 100 * 300 + 300),
        ),
        Calls(
            text="select name from users where last_seen_at < now() - %s * interval '1 day'",
            times=2,
            parameters=lambda n: (90 + n,),
        ),
    ),
    mend=("drop index users_last_seen_at_idx",),
    days=8,
)
