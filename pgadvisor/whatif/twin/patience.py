"""Connections that do not wait for ever: code of a snapshot's may never end, and undo timeouts."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

MAX_WAIT_SECONDS = 40.0
"""The server's own timeout is shorter; whoever takes longer than this has caught that."""
_MAX_WAIT_WHEN_INTERRUPTED_SECONDS = 2.0
_T = TypeVar("_T")


class PatientConnection(psycopg.Connection[TupleRow]):
    """A connection whose commands are answered within some time, or that is closed."""

    def wait(self, gen: Generator[Any, Any, _T], *arguments: Any, **options: Any) -> _T:  # noqa: ANN401  (passed on)
        """Drive a generator of psycopg's, as long as there is patience.

        Raises:
            psycopg.OperationalError: There was no answer in time; the connection is closed.
        """
        return super().wait(self._patiently(gen), *arguments, **options)

    def wait_as_told(self, gen: Generator[Any, Any, _T]) -> _T:
        """Drive a generator that knows by itself when to give up."""
        return super().wait(gen)

    def _patiently(self, gen: Generator[Any, Any, _T]) -> Generator[Wait, Ready | int | None, _T]:
        deadline = time.monotonic() + MAX_WAIT_SECONDS
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready is None:  # psycopg begins anew: Ctrl-C was pressed, and it has cancelled
                    deadline = min(deadline, now + _MAX_WAIT_WHEN_INTERRUPTED_SECONDS)
                if now > deadline:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(NO_ANSWER)
                wanted = gen.send(ready)
        except StopIteration as end:
            result: _T = end.value
            return result


NO_ANSWER = "the server does not answer"
