"""A vacuum with memory for a third of the rows that are dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.fixtures.processes import becomes_true


@contextmanager
def _in_its_second_pass(place: Place) -> Iterator[None]:
    place.run(
        "alter system set autovacuum_naptime = '1s'",
        "alter system set autovacuum = on",
        "select pg_reload_conf()",
    )
    with psycopg.connect(place.dsn, autocommit=True) as session:
        session.execute("set pg_stat_statements.track = 'none'")
        assert becomes_true(
            lambda: (
                session.execute(
                    "select true from pg_stat_progress_vacuum where index_vacuum_count > 0"
                ).fetchone()
                is not None
            ),
            within_seconds=90,
        )
    place.run("alter system reset autovacuum_naptime", "select pg_reload_conf()")
    yield


FAULT = Fault(
    subject="public.events",
    schema="""
        create table events (id integer primary key);
        insert into events select generate_series(1, 600000);
    """,
    plant=(
        "alter system set autovacuum_work_mem = '64kB'",  # 1 MB before PostgreSQL 17
        "select pg_reload_conf()",
        (
            "alter table events set (autovacuum_vacuum_cost_delay = 40,"
            " autovacuum_vacuum_cost_limit = 200)"
        ),
    ),
    workload=(Calls(text="delete from events where id > 10000", times=1),),
    meanwhile=_in_its_second_pass,
    mend=("alter system reset autovacuum_work_mem", "select pg_reload_conf()"),
    ends_vacuumed=False,
    beside={"stale-statistics": "whoever waits for this vacuum waits for the next analyze, too"},
)
