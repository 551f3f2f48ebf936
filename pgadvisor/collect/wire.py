"""Statements over the wire: many in one round trip, each surely no more than one statement.

psycopg's own ``execute`` falls back to the simple protocol, which runs ``a; b`` as two statements,
and its pipeline reports an error at some later statement.  Here everything goes by the extended
protocol, in which the server refuses a text of several statements, and each statement gets its
own result, be it rows or an error.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, abc, errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.waiting import Ready, Wait

Values = Sequence[object]


@dataclass(frozen=True, slots=True)
class Command:
    """One statement, with values for its ``$n``."""

    text: str
    values: Values = ()


class Sync:
    """Where the server goes on again after an error; until then it skips what follows."""


SYNC = Sync()

Step = Command | Sync


class Stalled(errors.OperationalError):
    """The server has not answered for longer than any statement of ours may run."""


def start(connection: Connection[Any], steps: Sequence[Step]) -> int:
    """Send steps in one go, without waiting; :func:`finish` takes the number that it returns.

    Raises:
        psycopg.OperationalError: The connection is lost.
    """
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    transformer = Transformer(connection)
    syncs = 0
    for step in steps:
        if isinstance(step, Sync):
            pgconn.pipeline_sync()
            syncs += 1
        else:
            _send(pgconn, transformer, step)
    pgconn.flush()
    return syncs


def finish(
    connection: Connection[Any], syncs: int, *, max_silence_s: float = 60.0
) -> list[pq.abc.PGresult]:
    """Wait for what was started, and return one result for each command, in order.

    The results of commands that were skipped because of an earlier error have the status
    ``PIPELINE_ABORTED``.

    Raises:
        psycopg.OperationalError: The connection is lost.
    """
    results = connection.wait(_converse(connection.pgconn, syncs, max_silence_s))
    connection.pgconn.exit_pipeline_mode()
    return results


def _send(pgconn: pq.abc.PGconn, transformer: abc.Transformer, command: Command) -> None:
    values = command.values
    dumped = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values)) if values else []
    pgconn.send_query_params(
        command.text.encode(),
        dumped,
        param_types=transformer.types if values else (),
        param_formats=transformer.formats if values else (),
    )


def _converse(
    pgconn: pq.abc.PGconn, syncs: int, max_silence_s: float
) -> Generator[Wait, Ready | int | None, list[pq.abc.PGresult]]:
    """Send as the socket takes it and read as it comes, until every sync is confirmed."""
    results: list[pq.abc.PGresult] = []
    is_sent = False
    heard_at = time.monotonic()
    while True:
        # None when psycopg waits anew after Ctrl-C, for the end of what it has cancelled.
        ready = (yield Wait.R if is_sent else Wait.RW) or Ready.NONE
        if ready & Ready.R:
            heard_at = time.monotonic()
            pgconn.consume_input()
            syncs -= _read_available(pgconn, results)
            if syncs == 0:
                return results
        elif time.monotonic() - heard_at > max_silence_s:
            pgconn.finish()
            raise Stalled("no answer from the server")
        if ready & Ready.W:
            is_sent = pgconn.flush() == 0


def _read_available(pgconn: pq.abc.PGconn, results: list[pq.abc.PGresult]) -> int:
    """Take what has arrived completely; return how many syncs were among it."""
    syncs = 0
    was_end = False
    while not pgconn.is_busy():
        result = pgconn.get_result()
        if result is None:
            if was_end:  # twice in a row: there is no more for now
                break
            was_end = True
            continue
        was_end = False
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            syncs += 1
        else:
            results.append(result)
    return syncs


def ask_simply(
    connection: Connection[Any], text: str, *, max_silence_s: float = 60.0
) -> list[pq.abc.PGresult]:
    """Send a text by the simple protocol, which takes ``$n`` without values.

    It also runs several statements, so the text must have been found to be exactly one.

    Raises:
        psycopg.OperationalError: The connection is lost.
    """
    connection.pgconn.send_query(text.encode())
    return connection.wait(_listen(connection.pgconn, max_silence_s))


def _listen(
    pgconn: pq.abc.PGconn, max_silence_s: float
) -> Generator[Wait, Ready | int | None, list[pq.abc.PGresult]]:
    results: list[pq.abc.PGresult] = []
    is_sent = False
    started_at = time.monotonic()
    while True:
        # None when psycopg waits anew after Ctrl-C, for the end of what it has cancelled.
        ready = (yield Wait.R if is_sent else Wait.RW) or Ready.NONE
        if ready & Ready.W:
            is_sent = pgconn.flush() == 0
        if ready & Ready.R:
            pgconn.consume_input()
            while not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:
                    return results
                results.append(result)
        elif time.monotonic() - started_at > max_silence_s:
            pgconn.finish()
            raise Stalled("no answer from the server")
