"""The job that makes partitions has stopped, and new rows go into the default."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="public.events_rest",
    schema="""
        create table events (
            at timestamptz not null,
            id bigint not null,
            primary key (at, id)
        ) partition by range (at);
        create table events_2025 partition of events for values from ('2025-01-01')
            to ('2026-01-01');
        create table events_rest partition of events default;
    """,
    plant=(
        (
            "insert into events select timestamptz '2025-12-01' + n * interval '1 minute', n"
            " from generate_series(1, 80000) n"
        ),
        "analyze events",
    ),
    mend=(
        "create table moved as select * from events_rest",
        "truncate events_rest",
        (
            "create table events_2026 partition of events for values from ('2026-01-01')"
            " to ('2027-01-01')"
        ),
        "insert into events select * from moved",
        "drop table moved",
        "analyze events",
    ),
)
