"""Many statements in one round trip, each for itself.

They go by the extended protocol, in which the server refuses a text of several statements, and
each is a transaction of its own, so that one that is refused leaves the others alone.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from psycopg import OperationalError, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.waiting import Ready, Wait

from pgadvisor.whatif.twin import patience
from pgadvisor.whatif.twin.patience import NO_ANSWER, PatientConnection


@dataclass(frozen=True, slots=True)
class Command:
    """One statement, with values for its ``$n``."""

    text: str
    values: Sequence[object] = ()


def run_batch(connection: PatientConnection, commands: Iterable[Command]) -> list[pq.abc.PGresult]:
    """Run commands, and return the result of each in order, be it rows or an error.

    While the server is at work, the next commands are made and sent.  A command that is not
    answered for long is given up: code of the snapshot's may undo the server's own timeout.

    Args:
        connection: Where; in autocommit mode and idle.
        commands: What to run.

    Raises:
        psycopg.OperationalError: The connection is lost.
    """
    answers = _Answers(connection.pgconn)
    transformer = Transformer(connection)
    connection.pgconn.enter_pipeline_mode()
    for number, command in enumerate(commands, start=1):
        values = command.values
        dumped = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values)) if values else []
        connection.pgconn.send_query_params(
            command.text.encode(),
            dumped,
            param_types=transformer.types if values else (),
            param_formats=transformer.formats if values else (),
        )
        connection.pgconn.pipeline_sync()
        answers.expect()
        if number % _SENT_TOGETHER == 0:
            answers.take()
        if answers.missing >= _MOST_MISSING:
            connection.wait_as_told(answers.until(_MOST_MISSING // 2))
    connection.wait_as_told(answers.until(0))
    connection.pgconn.exit_pipeline_mode()
    return answers.results


_SENT_TOGETHER = 20
_MOST_MISSING = 1_000
"""So many unanswered commands are kept in memory, and no more."""


class _Answers:
    """What the server answers to commands that are sent in a pipeline.

    Args:
        pgconn: In pipeline mode; each command is followed by a sync.
    """

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self._pgconn = pgconn
        self.results: list[pq.abc.PGresult] = []
        self.missing = 0
        """Commands that are not answered yet."""

    def expect(self) -> None:
        """One more command was sent."""
        self.missing += 1

    def take(self) -> None:
        """Send as much as the socket takes, and read what has come; wait for nothing."""
        self._pgconn.flush()
        self._pgconn.consume_input()
        self._read()

    def until(self, missing: int) -> Generator[Wait, Ready | int, None]:
        """Send, and read until no more than so many are missing."""
        is_sent = False
        heard_at = time.monotonic()
        while self.missing > missing:
            ready = yield Wait.R if is_sent else Wait.RW
            if ready & Ready.W:
                is_sent = self._pgconn.flush() == 0
            if ready & Ready.R:
                self._pgconn.consume_input()
                # Notices are no answer: there may be no end of them.
                heard_at = time.monotonic() if self._read() else heard_at
            if time.monotonic() - heard_at > patience.MAX_WAIT_SECONDS:
                self._pgconn.finish()
                raise OperationalError(NO_ANSWER)

    def _read(self) -> bool:
        """A result and a sync for each command, as far as they are there; whether there were."""
        before = len(self.results), self.missing
        while self.missing and not self._pgconn.is_busy():
            result = self._pgconn.get_result()
            if result is None:  # the end of one command's results
                if self._pgconn.status == pq.ConnStatus.BAD:
                    raise OperationalError("the server has closed the connection")
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                self.missing -= 1
            else:
                self.results.append(result)
        return (len(self.results), self.missing) != before
