"""A partition for each day, of which there are more than a thousand, with a few rows each."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (at date not null, id bigint not null, primary key (at, id))
            partition by range (at);
    """,
    plant=(
        """
        do $$
        begin
            for n in 0..1009 loop
                execute format('create table events_%s partition of events for values from (%L)'
                    ' to (%L)', n, date '2024-01-01' + n, date '2024-01-01' + n + 1);
            end loop;
        end $$
        """,
        "insert into events select date '2024-01-01' + n % 1000, n from generate_series(1, 5000) n",
        "analyze events",
    ),
    mend=(
        "drop table events",
        (
            "create table events (at date not null, id bigint not null, primary key (at, id))"
            " partition by range (at)"
        ),
        (
            "create table events_2024 partition of events for values from ('2024-01-01')"
            " to ('2027-01-01')"
        ),
        "insert into events select date '2024-01-01' + n % 1000, n from generate_series(1, 5000) n",
        "analyze events",
    ),
)
