"""A transaction that has written, and computes for days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS
from tests.fixtures.processes import becomes_true

_LONG = b"select count(*) from orders, pg_sleep(1e9)"
"""Its end is looked for by the clock, which weeks go by on."""


@contextmanager
def _computing(place: Place) -> Iterator[None]:
    """A statement at work, for whose answer nobody waits."""
    with open_sessions(place.app_dsn, 1) as [session]:
        session.execute("begin")
        session.execute("update orders set status = 'done' where id = 20")
        session.pgconn.send_query(_LONG)
        pid = session.info.backend_pid
        assert becomes_true(lambda: _is_at_work(place, pid))
        yield
        place.run(f"select pg_terminate_backend({pid})")


def _is_at_work(place: Place, pid: int) -> bool:
    with psycopg.connect(place.dsn, autocommit=True) as session:
        session.execute("set pg_stat_statements.track = 'none'")
        row = session.execute(
            "select wait_event = 'PgSleep' from pg_stat_activity where pid = %s", (pid,)
        ).fetchone()
    return row == (True,)


FAULT = Fault(
    subject="app",
    schema=ORDERS,
    meanwhile=_computing,
    mend=(),
    days=8,
)
