"""The two connections to a twin's server, and what each of them is for.

The superuser makes the role, the database and extensions, and switches indexes on and off.
Everything that comes out of the snapshot, its DDL, its statistics and its statements, runs
as the role ``twin``, *connected as such*: it owns the objects of this one database and
nothing else, and the superuser's password is random and nowhere written.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg.rows import TupleRow

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.errors import TwinError

ROLE = "twin"
DATABASE = "twin"
STATEMENT_TIMEOUT_MS = 20_000
"""Planning runs functions of the snapshot's; one that never ends must not hold us up."""
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "64MB",
    "max_connections": "10",
    "max_locks_per_transaction": "4096",
    "log_min_messages": "panic",
    "check_function_bodies": "off",
}
_SWITCH = """
create schema pgadvisor_twin;
create function pgadvisor_twin.switch(shown oid[], hidden oid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update pg_catalog.pg_index set indisvalid = true
    where indexrelid = any(shown) and not indisvalid
      and indexrelid in (select oid from pg_catalog.pg_class where relowner = 'twin'::regrole);
  update pg_catalog.pg_index set indisvalid = false
    where indexrelid = any(hidden) and indisvalid
      and indexrelid in (select oid from pg_catalog.pg_class where relowner = 'twin'::regrole);
$$;
grant usage on schema pgadvisor_twin to twin;
"""
"""A hidden index is one that is not valid: the planner passes over it, and all else stays."""

Connection = psycopg.Connection[TupleRow]


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
        )
        try:
            with psycopg.connect(self.cluster.dsn(), autocommit=True) as connection:
                connection.execute(f"create role {ROLE} login password '{role_password}'")
                connection.execute(f"create database {DATABASE} owner {ROLE} template template0")
            self.admin = psycopg.connect(self.cluster.dsn(DATABASE), autocommit=True)
            self.admin.execute(_SWITCH)
            self.role = psycopg.connect(
                self.cluster.dsn(DATABASE, ROLE, role_password),
                autocommit=True,
                prepare_threshold=None,
            )
            self.role.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}")
        except BaseException:
            self.cluster.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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
        try:
            return self.admin.execute(sql.encode(), parameters or None).fetchall()
        except psycopg.Error as error:
            raise gone(error, "asking the twin's catalog") from error

    def run(self, statements: Iterable[str]) -> dict[int, str]:
        """Run statements of the snapshot's as the role, many at a time.

        They go in batches that succeed or fail as a whole; a batch that fails is run again one
        by one.

        Returns:
            By position, why a statement was refused.

        Raises:
            TwinError: The server is gone.
        """
        texts = list(statements)
        failures: dict[int, str] = {}
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            if self._refusal(";\n".join(batch)) is None:
                continue
            for position, text in enumerate(batch, start=start):
                if (reason := self._refusal(text)) is not None:
                    failures[position] = reason
        return failures

    def _refusal(self, text: str) -> str | None:
        try:
            self.role.execute(text.encode())
        except psycopg.OperationalError as error:
            if self.role.broken:
                raise gone(error, "building the planner twin") from error
            return reason_of(error)
        except psycopg.Error as error:
            return reason_of(error)
        return None


_BATCH = 100


def reason_of(error: psycopg.Error) -> str:
    """The first line of what the server says; it runs with lc_messages=C and has no rows."""
    return (error.diag.message_primary or str(error)).splitlines()[0]


def gone(error: psycopg.Error, attempted: str) -> TwinError:
    """The twin's own server fails us."""
    return TwinError(attempted, reason_of(error), "Run it again; free memory and disk space.")
