"""The two connections to a twin's server, and what each of them is for.

The superuser makes the role, the database and extensions, moves hypothetical indexes about
in the catalog and looks up where files are.  Everything that comes out of the snapshot, its
DDL, its statistics and its statements, runs as the role ``twin``, *connected as such*: it owns
the objects of this one database and nothing else.  Both passwords are random and nowhere
written down.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import psycopg
from psycopg import pq

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.units import KiB, MiB
from pgadvisor.whatif.twin.batch import Command, run_batch
from pgadvisor.whatif.twin.failure import failure_of, is_exhausted
from pgadvisor.whatif.twin.patience import PatientConnection

ROLE = "twin"
DATABASE = "twin"
STATEMENT_TIMEOUT_MS = 20_000
"""Planning runs functions of the snapshot's; one that never ends must not hold us up."""
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Statistics are what we restore, and nothing else may touch them.
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "2MB",
    "max_wal_size": "8MB",
    # New relations are synced rather than logged, so that no page of theirs is cached here.
    "wal_skip_threshold": "0",
    "checkpoint_timeout": "1h",
    # Each commit of a new relation looks through all of them.
    "shared_buffers": "32MB",
    "max_locks_per_transaction": "4096",
    "temp_file_limit": "64MB",
    "max_prepared_transactions": "0",
    # What ends the server; a function of the snapshot's cannot write so.
    "log_min_messages": "fatal",
    # EXPLAIN compiles what it never runs, which takes longer than to plan it.  The planner does
    # not look at the provider, but at jit itself, which stays the original's.
    "jit_provider": "none",
    "restart_after_crash": "off",
    "check_function_bodies": "off",
}

_SILENCE = "set client_min_messages = error"
"""Nobody reads warnings, and each statement's planning ends with one."""
_OTHER_DATABASE = "template1"
_STRATEGY_SINCE = 15
_SAVE_SPACE = (
    b"alter database template0 is_template false",
    b"drop database template0",
)
_ADMIN_TIMEOUT_MS = 60_000
_BASE_BYTES = 256 * MiB
"""The server's own files and memory, and room for hypothetical indexes."""
_DATABASE_BYTES = 20 * MiB
_RELATION_BYTES = 20 * KiB
_SPARE_CONNECTIONS = 8
"""Three of them are the superuser's."""


class TwinServer:
    """One database of a twin's server, and the two connections to it.

    Args:
        cluster: The server, which has the role.
        database: The database's name.
        role_password: The role's.

    Raises:
        TwinError: It cannot be connected to.
    """

    def __init__(self, cluster: Cluster, database: str, role_password: str) -> None:
        self.cluster = cluster
        self._database = database
        self._role_password = role_password
        with self.failing("connecting to the planner twin"):
            self.admin, self.role = self._connected()

    @classmethod
    def start(
        cls, binaries: Binaries | None, locale: str, workers: int = 1, relations: int = 0
    ) -> Self:
        """Start a server with an empty database.

        Args:
            binaries: What to run; None: the embedded ones.
            locale: Of the database: ``C``, or ``C.UTF-8`` for originals that are not C.
            workers: How many databases there will be in the end.
            relations: How many tables and indexes each is going to have.

        Raises:
            ClusterError: It could not be started.
        """
        role_password = secrets.token_urlsafe(24)
        cluster = Cluster(
            binaries=binaries,
            settings={**SETTINGS, "max_connections": str(2 * workers + _SPARE_CONNECTIONS)},
            password=secrets.token_urlsafe(24),
            locale=locale,
            prefix="pgadvisor-twin-",
            initdb_options=("--wal-segsize=1",),
            memory_bytes=_BASE_BYTES + workers * (_DATABASE_BYTES + relations * _RELATION_BYTES),
        )
        try:
            with _connected(cluster.dsn(_OTHER_DATABASE)) as connection:
                role = f"create role {ROLE} login password '{role_password}'"
                connection.execute(role.encode())
                connection.execute(f"alter database postgres rename to {DATABASE}".encode())
                # A twin's role may come in here alone, and into no other database.
                connection.execute(f"revoke connect on database {_OTHER_DATABASE} from public")
                for text in _SAVE_SPACE:
                    connection.execute(text)
            server = cls(cluster, DATABASE, role_password)
            # Before the snapshot's objects, so that none of them can have the name.
            with server.closed_on_error():
                server.command("create schema pgadvisor_twin")
        except BaseException:
            cluster.stop()
            raise
        return server

    def copies(self, count: int) -> tuple[Self, ...]:
        """Copy the database, file by file, while its relations have no length yet.

        OIDs and names are the same in the copies.

        Raises:
            TwinError: The server is gone, or the file system refuses.
        """
        if not count:
            return ()
        self.disconnect()
        names = [f"{self._database}_{number}" for number in range(2, count + 2)]
        strategy = " strategy file_copy" if self.cluster.binaries.major >= _STRATEGY_SINCE else ""
        with (
            self.failing("copying the planner twin"),
            _connected(self.cluster.dsn(_OTHER_DATABASE)) as connection,
        ):
            for name in names:
                text = f"create database {name} template {self._database}{strategy}"
                connection.execute(text.encode())
        with self.failing("connecting to the planner twin"):
            self.admin, self.role = self._connected()
        with ExitStack() as opened:
            copies = []
            for name in names:
                copies.append(type(self)(self.cluster, name, self._role_password))
                opened.callback(copies[-1].disconnect)
            opened.pop_all()
        return tuple(copies)

    @contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Close the connections if the block fails, and not otherwise."""
        with ExitStack() as opened:
            opened.callback(self.disconnect)
            yield
            opened.pop_all()

    def _connected(self) -> tuple[PatientConnection, PatientConnection]:
        """Connect as the superuser and as the role."""
        with ExitStack() as opened:
            admin = _connected(self.cluster.dsn(self._database))
            opened.callback(admin.close)
            role = _connected(self.cluster.dsn(self._database, ROLE, self._role_password))
            opened.pop_all()
        admin.execute("set search_path = pg_catalog, pg_temp")
        for connection, timeout_ms in (admin, _ADMIN_TIMEOUT_MS), (role, STATEMENT_TIMEOUT_MS):
            connection.execute(f"set statement_timeout = {timeout_ms}".encode())
        role.execute(_SILENCE)
        return admin, role

    def close(self) -> None:
        """Close the connections and end the server, with all of its databases."""
        self.disconnect()
        self.cluster.stop()

    def disconnect(self) -> None:
        """Close the connections."""
        self.role.close()
        self.admin.close()

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Ask the twin's own catalog, as the superuser, by a text of ours.

        Raises:
            TwinError: The server is gone, or the query is wrong.
        """
        with self.failing("asking the twin's catalog"):
            return self.admin.execute(sql.encode(), parameters or None).fetchall()

    def command(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Do something as the superuser, by a text of ours with names quoted.

        Raises:
            TwinError: The server is gone, or refuses.
        """
        with self.failing("preparing the planner twin"):
            self.admin.execute(sql.encode(), parameters or None)

    def run(self, statements: Iterable[str]) -> dict[int, str]:
        """Run statements of the snapshot's as the role, each for itself, many in a round trip.

        They go by the extended protocol, in which a text cannot be more than one statement.

        Returns:
            By position, why a statement was refused.

        Raises:
            TwinError: The server is gone.
        """
        results = self.run_each(Command(text) for text in statements)
        refusals = ((position, refusal_of(result)) for position, result in enumerate(results))
        return {position: reason for position, reason in refusals if reason is not None}

    def run_each(self, commands: Iterable[Command]) -> list[pq.abc.PGresult]:
        """Run commands as the role, each in a transaction of its own; one result for each.

        Raises:
            TwinError: The server is gone.
        """
        attempted = "building the planner twin"
        with self.failing(attempted):
            results = run_batch(self.role, commands)
        return [_of_the_statement(attempted, result) for result in results]

    def run_together(self, text: str) -> Iterator[pq.abc.PGresult]:
        """Run a text of several statements as the role, as one transaction; see their results.

        It ends with the text, or where a statement is refused: that is the last result then.

        Raises:
            TwinError: The server is gone.
        """
        attempted = "planning on the twin"
        with self.failing(attempted):
            for result in self.role.run(text):
                yield _of_the_statement(attempted, result)

    @contextmanager
    def hearing(self, hear: Callable[[str], None]) -> Iterator[None]:
        """Pass on the warnings that the role's session gets meanwhile."""

        def pass_on(notice: psycopg.errors.Diagnostic) -> None:
            hear(notice.message_primary or "refused")

        self.role.add_notice_handler(pass_on)
        self.role.execute("set client_min_messages = warning")
        try:
            yield
        finally:
            self.role.remove_notice_handler(pass_on)
            if not self.role.broken:
                self.role.execute(_SILENCE)

    @contextmanager
    def failing(self, attempted: str) -> Iterator[None]:
        """Turn what the driver raises into our own error."""
        try:
            yield
        except psycopg.Error as error:
            reason, last_words = reason_of(error), self.cluster.last_words()
            raise failure_of(attempted, reason, error.sqlstate, last_words) from error


def reason_of(error: psycopg.Error) -> str:
    """The first line of what the server says; it runs with lc_messages=C and has no rows."""
    return _first_line(error.diag.message_primary or str(error))


def refusal_of(result: pq.abc.PGresult) -> str | None:
    """Why the server refused a command; None where it did not."""
    if result.status in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        return None
    message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    return _first_line(message.decode("utf-8", "replace"))


def sqlstate_of(result: pq.abc.PGresult) -> str | None:
    """The server's code for why it refused a command; None where it did not."""
    state = result.error_field(pq.DiagnosticField.SQLSTATE)
    return state.decode() if state else None


def _of_the_statement(attempted: str, result: pq.abc.PGresult) -> pq.abc.PGresult:
    """Pass on what is the statement's own success or failure.

    Raises:
        TwinError: The machine has failed.
    """
    if is_exhausted(state := sqlstate_of(result)):
        raise failure_of(attempted, refusal_of(result) or "", state, "")
    return result


def _first_line(message: str) -> str:
    return message.splitlines()[0] if message else "no reason given"


def _connected(dsn: str) -> PatientConnection:
    return PatientConnection.connect(dsn, autocommit=True, prepare_threshold=None)
