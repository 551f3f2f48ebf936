"""A session that has changed a row and thinks, while three others want to change it as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS
from tests.fixtures.processes import becomes_true

_CHANGE = "update orders set total = total + 1 where id = 20"
_WAITERS = 3


@contextmanager
def _waiting(place: Place) -> Iterator[None]:
    with open_sessions(place.app_dsn, 1 + _WAITERS) as [first, *others]:
        first.execute("begin")
        first.execute(_CHANGE)
        for session in others:
            session.pgconn.send_query(_CHANGE.encode())
        assert becomes_true(lambda: _count_of_waiting(place) == _WAITERS)
        yield
        first.execute("rollback")
        for session in others:
            while session.pgconn.get_result() is not None:
                pass


def _count_of_waiting(place: Place) -> int:
    with psycopg.connect(place.dsn, autocommit=True) as session:
        session.execute("set pg_stat_statements.track = 'none'")
        row = session.execute(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone()
    return row[0] if row else 0


FAULT = Fault(
    subject="app",
    schema=ORDERS,
    meanwhile=_waiting,
    mend=(),
    beside={
        "idle-in-transaction": "that is why the others wait",
        "long-transaction": "those that wait are in a transaction, too",
    },
)
