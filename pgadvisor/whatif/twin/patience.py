"""Connections that do not wait for ever: code of a snapshot's may never end, and undo timeouts."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import Any, TypeVar, cast

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
from psycopg.generators import fetch, fetch_many, send
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

MAX_WAIT_SECONDS = 40.0
"""The server's own timeout is shorter; whoever takes longer than this has caught that."""
_MAX_WAIT_WHEN_INTERRUPTED_SECONDS = 2.0
_T = TypeVar("_T")


NO_ANSWER = "the server does not answer"


class PatientConnection(psycopg.Connection[TupleRow]):
    """A connection whose commands are answered within some time, or that is closed."""

    def wait(self, gen: Generator[Any, Any, _T], *arguments: Any, **options: Any) -> _T:  # noqa: ANN401  (passed on)
        """Drive a generator of psycopg's, as long as there is patience.

        Raises:
            psycopg.OperationalError: There was no answer in time; the connection is closed.
        """
        patient = cast("Generator[Any, Any, _T]", _Patience(gen, self, MAX_WAIT_SECONDS))
        return super().wait(patient, *arguments, **options)

    def run(self, text: str) -> Iterator[pq.abc.PGresult]:
        """Run a text of several statements, as they are, and give each result as it comes.

        Whoever reads one does so while the server is at the next.  A cursor would take as long
        as the server needs for a plan.

        Raises:
            psycopg.OperationalError: The connection is lost, or there was no answer in time.
        """
        with self.lock:
            if self.closed:
                raise psycopg.OperationalError("the connection is closed")
            try:
                self.pgconn.send_query(text.encode())
                self.wait(send(self.pgconn))
                yield from self._results()
            finally:
                if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
                    self._abandon()

    def _abandon(self) -> None:
        """Have the server end what nobody waits for any more; else end the connection."""
        try:
            self.cancel_safe(timeout=_MAX_WAIT_WHEN_INTERRUPTED_SECONDS)
            rest = _Patience(fetch_many(self.pgconn), self, _MAX_WAIT_WHEN_INTERRUPTED_SECONDS)
            super().wait(cast("Generator[Any, Any, object]", rest))
        except psycopg.Error:
            self.close()

    def _results(self) -> Iterator[pq.abc.PGresult]:
        last = None
        while True:
            try:
                busy = self.pgconn.is_busy()
                result = self.wait(fetch(self.pgconn)) if busy else self.pgconn.get_result()
            except psycopg.OperationalError:
                if last is not None and last.status == pq.ExecStatus.FATAL_ERROR:
                    raise error_from_result(last) from None  # why the server has hung up
                raise
            if result is None:
                return
            if self.pgconn.status == pq.ConnStatus.BAD:
                raise error_from_result(result)
            yield result
            last = result

    def wait_as_told(self, gen: Generator[Any, Any, _T]) -> _T:
        """Drive a generator that knows by itself when to give up."""
        return super().wait(gen)


class _Patience:
    """A generator of psycopg's, with a limit.

    It is no generator itself: Ctrl-C in the midst of one would end that, and psycopg, who goes on
    with it to read the answer of what it has cancelled, would take this for the end of the answer.
    """

    def __init__(
        self, gen: Generator[Any, Any, Any], connection: PatientConnection, seconds: float
    ) -> None:
        self._gen = gen
        self._connection = connection
        self._deadline = time.monotonic() + seconds
        self._is_begun = False

    def __iter__(self) -> _Patience:
        return self

    def __next__(self) -> Wait:
        if self._is_begun:  # psycopg begins anew: Ctrl-C was pressed, and it has cancelled
            soon = time.monotonic() + _MAX_WAIT_WHEN_INTERRUPTED_SECONDS
            self._deadline = min(self._deadline, soon)
        self._is_begun = True
        wanted: Wait = next(self._gen)
        return wanted

    def send(self, ready: Ready | int) -> Wait:
        """Go on, unless it has taken too long."""
        if time.monotonic() > self._deadline:
            self._connection.pgconn.finish()
            raise psycopg.OperationalError(NO_ANSWER)
        wanted: Wait = self._gen.send(ready)
        return wanted

    def throw(self, error: BaseException) -> Wait:
        """Pass on what is thrown."""
        wanted: Wait = self._gen.throw(error)
        return wanted

    def close(self) -> None:
        """End it."""
        self._gen.close()
