"""The last login of each user, looked up one by one."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.logins, public.users",
    schema="""
        create table users (
            id bigint generated always as identity primary key,
            name text not null
        );
        insert into users (name) select 'user ' || n from generate_series(1, 12000) n;
        create table logins (
            user_id bigint not null references users (id),
            at timestamptz not null,
            primary key (user_id, at)
        );
        insert into logins
        select n % 12000 + 1, now() - n * interval '1 minute' from generate_series(1, 60000) n;
    """,
    workload=(
        Calls(
            text="select u.name, (select max(l.at) from logins l where l.user_id = u.id)"
            " from users u",
            times=5,
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="select u.name, l.at from users u left join"
            " (select user_id, max(at) as at from logins group by user_id) l on l.user_id = u.id",
            times=5,
        ),
    ),
)
