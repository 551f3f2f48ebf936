"""The newest messages that a user has sent or received."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

FAULT = Fault(
    subject="public.messages",
    schema="""
        create table messages (
            id bigint generated always as identity primary key,
            sender_id bigint not null,
            recipient_id bigint not null,
            sent_at timestamptz not null,
            body text not null
        );
        insert into messages (sender_id, recipient_id, sent_at, body)
        select n * 7 % 40, n * 11 % 41, now() - n * 7919 % 100000 * interval '1 minute',
               repeat('x', 100)
        from generate_series(1, 100000) n;
        create index messages_sender_id_sent_at_idx on messages (sender_id, sent_at);
        create index messages_recipient_id_sent_at_idx on messages (recipient_id, sent_at);
    """,
    workload=(
        Calls(
            text="select id, body from messages where sender_id = %s or recipient_id = %s"
            " order by sent_at desc limit 20",
            parameters=lambda n: (n, n),
        ),
    ),
    mend=(),
    rewritten=(
        Calls(
            text="(select id, body, sent_at from messages where sender_id = %s"
            " order by sent_at desc limit 20) union all"
            " (select id, body, sent_at from messages where recipient_id = %s"
            " and (sender_id = %s) is not true order by sent_at desc limit 20)"
            " order by sent_at desc limit 20",
            parameters=lambda n: (n, n, n),
        ),
    ),
)
