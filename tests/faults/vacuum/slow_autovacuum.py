"""A vacuum that sleeps for a tenth of a second after each page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS
from tests.fixtures.processes import becomes_true


@contextmanager
def _autovacuum_at_work(place: Place) -> Iterator[None]:
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
                    "select true from pg_stat_progress_vacuum where relid = 'orders'::regclass"
                ).fetchone()
                is not None
            )
        )
    place.run("alter system reset autovacuum_naptime", "select pg_reload_conf()")
    yield


FAULT = Fault(
    subject="public.orders",
    schema=ORDERS,
    plant=(
        (
            "alter table orders set (autovacuum_vacuum_scale_factor = 0.05,"
            " autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)"
        ),
    ),
    workload=(
        Calls(
            text="update orders set total = total + 1 where id between %s and %s",
            times=5,
            parameters=lambda n: (n * 1000, n * 1000 + 999),
        ),
    ),
    meanwhile=_autovacuum_at_work,
    ends_vacuumed=False,
)
