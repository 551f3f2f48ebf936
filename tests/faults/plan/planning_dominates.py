"""A partition that is known only when the statement starts: hundreds are planned, one is read."""

from __future__ import annotations

from tests.faults.fault import Fault

_TIMES = 4
"""So often, so that planning takes a multiple of the rule's time on any machine."""


def _rows_of(day: str) -> str:
    return " union all ".join([f"select n from log where id = 777 and at = {day}"] * _TIMES)


FAULT = Fault(
    subject="planning",
    schema="""
        create table log (
            id bigint generated always as identity, at date not null, n int not null,
            primary key (id, at)
        ) partition by range (at);
        do $$
        begin
            for m in 1..800 loop
                execute format(
                    'create table log_%s partition of log for values from (%L) to (%L)',
                    m, date '2024-01-01' + m - 1, date '2024-01-01' + m
                );
            end loop;
        end $$;
        insert into log (at, n)
        select date '2024-01-01' + n % 800, n from generate_series(1, 40000) n;
    """,
    explained=(_rows_of("to_date('16 Feb 2026', 'DD Mon YYYY')"),),
    explained_once_mended=(_rows_of("'2026-02-16'"),),
    mend=(),
)
