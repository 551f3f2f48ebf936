"""Sessions of the application that stay while a snapshot is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg


@contextmanager
def open_sessions(dsn: str, count: int) -> Iterator[list[psycopg.Connection]]:
    """So many connections, each of which has run a statement."""
    with ExitStack() as opened:
        sessions = []
        for _ in range(count):
            session = psycopg.connect(dsn, autocommit=True)
            opened.callback(session.close)  # commits nothing, for it may be gone by then
            session.execute("select 1")
            sessions.append(session)
        yield sessions
