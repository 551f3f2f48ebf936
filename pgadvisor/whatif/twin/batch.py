"""Many statements in one round trip, each for itself.

They go by the extended protocol, in which the server refuses a text of several statements, and
each is a transaction of its own, so that one that is refused leaves the others alone.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, OperationalError, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.waiting import Ready, Wait


@dataclass(frozen=True, slots=True)
class Command:
    """One statement, with values for its ``$n``."""

    text: str
    values: Sequence[object] = ()


def run_batch(
    connection: Connection[Any], commands: Sequence[Command], *, max_silence_s: float = 60.0
) -> list[pq.abc.PGresult]:
    """Run commands, and return the result of each in order, be it rows or an error.

    Args:
        connection: Where; in autocommit mode and idle.
        commands: What to run.
        max_silence_s: How long one of them may take; code of the snapshot's may undo the
            server's own timeout.

    Raises:
        psycopg.OperationalError: The connection is lost.
    """
    pgconn = connection.pgconn
    transformer = Transformer(connection)
    pgconn.enter_pipeline_mode()
    for command in commands:
        values = command.values
        dumped = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values)) if values else []
        pgconn.send_query_params(
            command.text.encode(),
            dumped,
            param_types=transformer.types if values else (),
            param_formats=transformer.formats if values else (),
        )
        pgconn.pipeline_sync()
    results = connection.wait(_answers(pgconn, len(commands), max_silence_s))
    pgconn.exit_pipeline_mode()
    return results


def _answers(
    pgconn: pq.abc.PGconn, count: int, max_silence_s: float
) -> Generator[Wait, Ready | int, list[pq.abc.PGresult]]:
    """Send as the socket takes it and read as it comes: a result and a sync for each command."""
    results: list[pq.abc.PGresult] = []
    is_sent = False
    syncs = 0
    heard_at = time.monotonic()
    while syncs < count:
        ready = yield Wait.R if is_sent else Wait.RW
        if ready & Ready.W:
            is_sent = pgconn.flush() == 0
        if ready & Ready.R:
            heard_at = time.monotonic()
            pgconn.consume_input()
            while syncs < count and not pgconn.is_busy():
                result = pgconn.get_result()
                if result is None:  # the end of one command's results
                    if pgconn.status == pq.ConnStatus.BAD:
                        raise OperationalError("the server has closed the connection")
                    continue
                if result.status == pq.ExecStatus.PIPELINE_SYNC:
                    syncs += 1
                else:
                    results.append(result)
        elif time.monotonic() - heard_at > max_silence_s:
            pgconn.finish()
            raise OperationalError("no answer from the server")
    return results
