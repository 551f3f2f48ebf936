"""A pool of a hundred and ten connections that has next to nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS


@contextmanager
def _pool(place: Place, size: int) -> Iterator[None]:
    with open_sessions(place.app_dsn, size) as sessions:
        # The time of a session is counted when it does something.
        place.clock.set(-1)
        for session in sessions:
            session.execute("select total from orders where id = 1")
        yield


FAULT = Fault(
    subject="shop",
    schema=ORDERS,
    restart_with={"max_connections": "200"},
    meanwhile=lambda place: _pool(place, 110),
    mend=(),
    mended_meanwhile=lambda place: _pool(place, 10),
)
