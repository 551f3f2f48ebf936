"""A program that updates an order, and then waits for something else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS


@contextmanager
def _waiting(place: Place, *, commits: bool) -> Iterator[None]:
    with open_sessions(place.app_dsn, 1) as [session]:
        session.execute("begin")
        session.execute("update orders set status = 'done' where id = 20")
        if commits:
            session.execute("commit")
        yield


FAULT = Fault(
    subject="app",
    schema=ORDERS,
    meanwhile=lambda place: _waiting(place, commits=False),
    mend=(),
    mended_meanwhile=lambda place: _waiting(place, commits=True),
    days=8,
)
