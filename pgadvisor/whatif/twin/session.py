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
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import pq
from psycopg.rows import TupleRow

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.batch import Command, run_batch

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
    "max_wal_size": "32MB",
    # New relations are synced rather than logged, so that no page of theirs is cached here.
    "wal_skip_threshold": "0",
    "checkpoint_timeout": "1h",
    # Each commit of a new relation looks through all of them.
    "shared_buffers": "32MB",
    "max_connections": "10",
    "max_locks_per_transaction": "4096",
    "temp_file_limit": "64MB",
    "max_prepared_transactions": "0",
    "log_min_messages": "panic",
    "check_function_bodies": "off",
}

Connection = psycopg.Connection[TupleRow]

_BATCH = 100
_ADMIN_TIMEOUT_MS = 60_000


class TwinServer:
    """A running server for one twin.

    Args:
        binaries: What to run; None: the embedded ones.
        locale: Of the database: ``C``, or ``C.UTF-8`` for originals that are not C.

    Raises:
        ClusterError: It could not be started.
    """

    def __init__(self, binaries: Binaries | None, locale: str) -> None:
        password = secrets.token_urlsafe(24)
        role_password = secrets.token_urlsafe(24)
        self.cluster = Cluster(
            binaries=binaries,
            settings=SETTINGS,
            password=password,
            locale=locale,
            prefix="pgadvisor-twin-",
            initdb_options=("--wal-segsize=1",),
        )
        try:
            with _connected(self.cluster.dsn()) as connection:
                role = f"create role {ROLE} login password '{role_password}'"
                connection.execute(role.encode())
                connection.execute(f"create database {DATABASE} template template0".encode())
                # A twin's role may come in here alone, and into no other database.
                connection.execute("revoke connect on database postgres, template1 from public")
            self.admin = _connected(self.cluster.dsn(DATABASE))
            self.role = _connected(self.cluster.dsn(DATABASE, ROLE, role_password))
            self.admin.execute("set search_path = pg_catalog, pg_temp")
            # Before the snapshot's objects, so that none of them can have the name.
            self.admin.execute("create schema pgadvisor_twin")
            for connection, timeout_ms in (
                (self.admin, _ADMIN_TIMEOUT_MS),
                (self.role, STATEMENT_TIMEOUT_MS),
            ):
                connection.execute(f"set statement_timeout = {timeout_ms}".encode())
        except BaseException:
            self.cluster.stop()
            raise

    def close(self) -> None:
        """Close the connections and end the server."""
        self.role.close()
        self.admin.close()
        self.cluster.stop()

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
        waiting = list(commands)
        results: list[pq.abc.PGresult] = []
        with self.failing("building the planner twin"):
            for start in range(0, len(waiting), _BATCH):
                results += run_batch(self.role, waiting[start : start + _BATCH])
        return results

    @contextmanager
    def hearing(self, hear: Callable[[str], None]) -> Iterator[None]:
        """Pass on the warnings that the role's session gets meanwhile."""

        def pass_on(notice: psycopg.errors.Diagnostic) -> None:
            hear(notice.message_primary or "refused")

        self.role.add_notice_handler(pass_on)
        try:
            yield
        finally:
            self.role.remove_notice_handler(pass_on)

    @contextmanager
    def failing(self, attempted: str) -> Iterator[None]:
        """Turn what the driver raises into our own error."""
        try:
            yield
        except psycopg.Error as error:
            raise TwinError(
                attempted, reason_of(error), "Run it again; free memory and disk space."
            ) from error


def reason_of(error: psycopg.Error) -> str:
    """The first line of what the server says; it runs with lc_messages=C and has no rows."""
    return _first_line(error.diag.message_primary or str(error))


def refusal_of(result: pq.abc.PGresult) -> str | None:
    """Why the server refused a command; None where it did not."""
    if result.status in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        return None
    message = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
    return _first_line(message.decode("utf-8", "replace"))


def _first_line(message: str) -> str:
    return message.splitlines()[0] if message else "no reason given"


def _connected(dsn: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
