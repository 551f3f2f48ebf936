"""Units of work: each read is one short read-only transaction, sent in one round trip."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Transformer

from pgadvisor.collect import reasons
from pgadvisor.collect.connect import Connected, connect
from pgadvisor.collect.dsn import Target
from pgadvisor.collect.loaders import read_leniently
from pgadvisor.collect.queries import query
from pgadvisor.collect.wire import SYNC, Command, Step, Sync, Values, ask_simply, finish, start
from pgadvisor.errors import CollectError, ConnectError
from pgadvisor.units import MS_PER_SECOND

Record = dict[str, Any]
"""One row, by column name."""

BEGIN = "begin read only"
ROLLBACK = "rollback"

_REFUSED_SETTING = frozenset({"42704", "42501", "22023", "0A000"})
"""Unknown, not ours to set, no such value, not supported on that platform."""
_BARE_COUNT = 2
"""The first two settings: a timeout, and a search path in which nothing of a user's is found."""
_ARRAY_OIDS = frozenset({1009, 1016})
"""Of text[] and bigint[], the types of the lists in our reads."""
_OKAY = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})


class ReadError(CollectError):
    """One read failed; the others are not touched by it.

    Args:
        sqlstate: The server's code; None when the connection broke.
        happened: Why, in our own words.
        next_step: What mends it.
    """

    def __init__(self, sqlstate: str | None, happened: str, next_step: str = "") -> None:
        self.sqlstate = sqlstate
        super().__init__("reading from the server", happened, next_step)


class Session:
    """A connection that only ever runs short read-only units, and mends itself once.

    Args:
        target: Where to connect to.
        statement_timeout_ms: How long one statement may take on the server.
        lock_timeout_ms: How long one statement may wait for a lock.
        record: Gets the text of every statement that is sent.
    """

    def __init__(
        self,
        target: Target,
        *,
        statement_timeout_ms: int = 5_000,
        lock_timeout_ms: int = 200,
        record: Callable[[str], None] | None = None,
    ) -> None:
        self._target = target
        self._record = record
        self.statement_timeout_ms = statement_timeout_ms
        self.timeouts = (
            f"statement_timeout = {statement_timeout_ms}",
            f"lock_timeout = {lock_timeout_ms}",
            "idle_in_transaction_session_timeout = 10000",
        )
        self.server_time_ms = 0.0
        """Time spent waiting for the server."""
        self.has_reconnected = False
        self._steps: Sequence[Step] = ()
        self._syncs = 0
        self.connection = self._connect()
        self._settings = [
            self.timeouts[0],
            "search_path = pg_catalog, pg_temp",
            *self.timeouts[1:],
            *_settings(self.connection.info.server_version),
        ]

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.connection.close()

    @property
    def major(self) -> int:
        """The server's major version."""
        return self.connection.info.server_version // 10_000

    def hide_from_statistics(self) -> None:
        """Keep our reads out of ``pg_stat_statements``, which a superuser may."""
        self._settings.append("pg_stat_statements.track = 'none'")

    def read(self, name: str, *values: object) -> list[Record]:
        """Run one of our reads in the variant for this server; see :func:`queries.query`.

        Raises:
            ReadError: It failed, also when tried again where that may help.
        """
        return self.fetch(query(name, (self.major,)), values)

    def read_bare(self, name: str) -> list[Record]:
        """Run a read that is to see the session's own settings, and so changes but two of them.

        Raises:
            ReadError: It failed, also when tried again where that may help.
        """
        return self._fetch(query(name, (self.major,)), (), list(self._settings[:_BARE_COUNT]))

    def fetch(self, text: str, values: Values = ()) -> list[Record]:
        """Run one SELECT in a transaction of its own.

        Raises:
            ReadError: It failed, also when tried again where that may help.
        """
        return self._fetch(text, values, self._settings)

    def _fetch(self, text: str, values: Values, settings: list[str]) -> list[Record]:
        tries = 0
        while True:
            tries += 1
            started = time.monotonic()
            results = self.run(_unit(settings, Command(text, values)))
            *before, last = results[: len(settings) + 2]
            if refused := _refused(settings, before):
                settings.remove(refused)
                continue
            failed = next((r for r in (*before, last) if r.status not in _OKAY), None)
            if failed is None:
                return self._load(last)
            sqlstate = sqlstate_of(failed)
            if tries < reasons.MAX_TRIES and sqlstate in reasons.WORTH_ANOTHER_TRY:
                continue
            elapsed_ms = (time.monotonic() - started) * MS_PER_SECOND
            raise ReadError(
                sqlstate,
                reasons.reason(sqlstate, has_run_out=elapsed_ms >= self.statement_timeout_ms),
                reasons.remedy(sqlstate),
            )

    def run(self, steps: Sequence[Step]) -> list[pq.abc.PGresult]:
        """Send steps that leave no transaction open, and wait for their results.

        Raises:
            ReadError: The connection is lost, for the second time or for good.
        """
        self.begin(steps)
        return self.finish()

    def begin(self, steps: Sequence[Step]) -> None:
        """Send steps, and let the server work on them until :meth:`finish` is called."""
        for step in steps:
            if not isinstance(step, Sync):
                self._note(step.text)
        self._steps = steps
        try:
            self._syncs = start(self.connection, steps)
        except psycopg.OperationalError:
            self._syncs = 0  # that it is lost is found by finish()

    def finish(self) -> list[pq.abc.PGresult]:
        """Wait for the results; once in a session, mend a lost connection and begin again.

        Raises:
            ReadError: The connection is lost, for the second time or for good.
        """
        try:
            results = self._wait() if self._syncs else []
        except psycopg.OperationalError:
            results = []
        if results and not any(sqlstate_of(result) in reasons.LOST for result in results):
            return results
        if self.has_reconnected:
            raise ReadError(None, reasons.CONNECTION_LOST)
        self.has_reconnected = True
        self.connection.close()
        try:
            self.connection = self._connect()
        except ConnectError:
            raise ReadError(None, reasons.CONNECTION_LOST) from None
        return self.run(self._steps)

    def _wait(self) -> list[pq.abc.PGresult]:
        started = time.monotonic()
        try:
            return finish(self.connection, self._syncs)
        finally:
            self.server_time_ms += (time.monotonic() - started) * MS_PER_SECOND

    def run_simply(self, before: Sequence[str], text: str) -> pq.abc.PGresult:
        """Run one statement by the simple protocol, in a transaction of its own.

        Args:
            before: What is to be set in the transaction.
            text: Exactly one statement; the caller has made sure of that.

        Raises:
            ReadError: The connection is lost.
        """
        commands = [Command(BEGIN), *(Command(f"set local {setting}") for setting in before)]
        _, result, _ = self.run_around(commands, text, [Command(ROLLBACK), SYNC])
        return result

    def run_around(
        self, before: Sequence[Command], text: str, after: Sequence[Step]
    ) -> tuple[list[pq.abc.PGresult], pq.abc.PGresult, list[pq.abc.PGresult]]:
        """Run one statement by the simple protocol, in a transaction that is open around it.

        Args:
            before: What opens the transaction.
            text: Exactly one statement; the caller has made sure of that.
            after: What closes the transaction, also when something has failed.

        Returns:
            The results of each; in the middle the failure, if there was one before.

        Raises:
            ReadError: The connection is lost.
        """
        opened = self.run_once([*before, SYNC])
        failed = next((result for result in opened if result.status not in _OKAY), None)
        result = failed or self._ask_simply(text)
        return opened, result, self.run_once(after)

    def run_once(self, steps: Sequence[Step]) -> list[pq.abc.PGresult]:
        """Send steps that must not be sent twice, whatever becomes of the connection.

        They belong to a transaction that is open before or after, or what they do may be what
        has broken the connection.

        Raises:
            ReadError: The connection is lost.
        """
        self.begin(steps)
        try:
            return self._wait()
        except psycopg.OperationalError:
            raise ReadError(None, reasons.CONNECTION_LOST) from None

    def _ask_simply(self, text: str) -> pq.abc.PGresult:
        self._note(text)
        started = time.monotonic()
        try:
            return ask_simply(self.connection, text)[-1]
        except psycopg.OperationalError:
            raise ReadError(None, reasons.CONNECTION_LOST) from None
        finally:
            self.server_time_ms += (time.monotonic() - started) * MS_PER_SECOND

    def _note(self, text: str) -> None:
        if self._record is not None:
            self._record(text)

    def _load(self, result: pq.abc.PGresult) -> list[Record]:
        try:
            return load(self.connection, result)
        except UnicodeDecodeError:
            # Names of roles and databases are shared by databases of different encodings.
            read_leniently(self.connection)
            return load(self.connection, result)

    def _connect(self) -> Connected:
        started = time.monotonic()
        connection = connect(self._target)
        self.server_time_ms += (time.monotonic() - started) * MS_PER_SECOND
        return connection


def _unit(settings: Sequence[str], command: Command) -> list[Step]:
    # The first sync makes the server go on to the ROLLBACK after an error.
    before = [Command(f"set local {setting}") for setting in settings]
    return [Command(BEGIN), *before, command, SYNC, Command(ROLLBACK), SYNC]


def _refused(settings: Sequence[str], results: Sequence[pq.abc.PGresult]) -> str | None:
    """The setting that this server refuses, if it was a setting that failed."""
    for setting, result in zip(settings, results[1:], strict=True):
        if sqlstate_of(result) in _REFUSED_SETTING:
            return setting
    return None


def load(connection: Connected, result: pq.abc.PGresult) -> list[Record]:
    """Turn a result into rows by column name; lists become tuples."""
    transformer = Transformer(connection)
    transformer.set_pgresult(result)
    names = tuple((result.fname(i) or b"").decode() for i in range(result.nfields))

    arrays = [names[i] for i in range(result.nfields) if result.ftype(i) in _ARRAY_OIDS]

    def make(values: Sequence[Any]) -> Record:
        record = dict(zip(names, values, strict=True))
        for name in arrays:
            if record[name] is not None:
                record[name] = tuple(record[name])
        return record

    return transformer.load_rows(0, result.ntuples, make)


def sqlstate_of(result: pq.abc.PGresult) -> str | None:
    """The code of the error that a result is; None when it is none."""
    if result.status != pq.ExecStatus.FATAL_ERROR:
        return None
    code = result.error_field(pq.DiagnosticField.SQLSTATE)
    return code.decode() if code else errors.InternalError.sqlstate


def _settings(version: int) -> list[str]:
    """Settings of a catalog read, as an unprivileged role may set them."""
    settings = [
        "jit = off",
        "max_parallel_workers_per_gather = 0",
        "work_mem = '4MB'",
        "client_min_messages = error",
        "timezone = 'UTC'",
        "datestyle = 'ISO'",
        "intervalstyle = 'postgres'",
        "extra_float_digits = 1",
        "bytea_output = 'hex'",
        "quote_all_identifiers = off",
    ]
    if version >= 14_00_00:  # noqa: PLR2004  (a version)
        settings.append("client_connection_check_interval = '2s'")
    if version >= 15_00_00:  # noqa: PLR2004  (a version)
        settings.append("stats_fetch_consistency = none")
    if version >= 17_00_00:  # noqa: PLR2004  (a version)
        settings.append("transaction_timeout = '30s'")
    return settings
