"""Many statements in one round trip, each for itself.

They go by the extended protocol, in which the server refuses a text of several statements, and
each is a transaction of its own, so that one that is refused leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, OperationalError, pq
from psycopg.adapt import PyFormat, Transformer


@dataclass(frozen=True, slots=True)
class Command:
    """One statement, with values for its ``$n``."""

    text: str
    values: Sequence[object] = ()


def run_batch(connection: Connection[Any], commands: Sequence[Command]) -> list[pq.abc.PGresult]:
    """Run commands, and return the result of each in order, be it rows or an error.

    Args:
        connection: Where; in autocommit mode and idle.
        commands: Some hundred at most, since all of them are sent before an answer is read.

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
    results = [_result_before_sync(pgconn) for _ in commands]
    pgconn.exit_pipeline_mode()
    return results


def _result_before_sync(pgconn: pq.abc.PGconn) -> pq.abc.PGresult:
    """Read up to the next sync, which every command has to itself."""
    found: pq.abc.PGresult | None = None
    while True:
        result = pgconn.get_result()
        if result is None:
            if pgconn.status == pq.ConnStatus.BAD:
                break
            continue
        if result.status == pq.ExecStatus.PIPELINE_SYNC:
            break
        found = result
    if found is None:
        raise OperationalError("the server has closed the connection")
    return found
