"""A server that HypoPG may be asked on: found out before the first question."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pgadvisor.collect import reasons
from pgadvisor.collect.dsn import Target
from pgadvisor.collect.function_policy import FunctionPolicy, function_policy
from pgadvisor.collect.indexes import read_indexes
from pgadvisor.collect.preflight import refuse_unsupported
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.server import Identity, identity_of, read_extensions, read_facts, server_of
from pgadvisor.collect.session import ReadError, Session, sqlstate_of
from pgadvisor.collect.tables import read_tables
from pgadvisor.collect.wire import SYNC, Command
from pgadvisor.errors import HypoPGError, UnusableHypoPGError
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.server import Extension, Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.quote import quote_identifier
from pgadvisor.whatif.hypopg.functions import Functions, functions

EXTENSION = "hypopg"
OLDEST = (1, 2)
"""Before, HypoPG took real OIDs for its indexes, which a standby has none of."""
ATTEMPTED = "asking HypoPG"

_INSTALL = (
    "Install the package on the server (Debian: postgresql-NN-hypopg) and, in this database and as "
    "one who may, run CREATE EXTENSION hypopg; or use the planner twin, which needs no extension."
)
_NO_LIBRARY = frozenset({"58P01", "42883", "XX000"})
"""No such file, or no such function in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HypoServer:
    """What there is to plan on."""

    session: Session
    server: Server
    identity: Identity
    extension: Extension
    functions: Functions
    policy: FunctionPolicy
    tables: tuple[Table, ...]
    indexes: tuple[Index, ...]
    locked: frozenset[str]
    """Qualified names of tables and indexes that another session locks."""


def open_server(
    target: Target,
    snapshot: Snapshot,
    options: CollectOptions,
    record: Callable[[str], None] | None = None,
) -> HypoServer:
    """Connect, find out whether HypoPG may be used, and what the database is like now.

    Args:
        target: Where to connect to.
        snapshot: The database to be compared with; its schemas are read.
        options: What may be planned, and for how long.
        record: Gets the text of every statement that is sent.

    Raises:
        UnusableHypoPGError: HypoPG is not there, or may not be used.
        HypoPGError: The server fails.
        ConnectError: There is no connection, or the server is none of ours.
    """
    session = Session(
        target,
        statement_timeout_ms=options.statement_timeout_ms,
        lock_timeout_ms=options.lock_timeout_ms,
        record=record,
    )
    try:
        with failing():
            return _found(session, target, _scope(snapshot, options))
    except BaseException:
        session.connection.close()
        raise


@contextmanager
def failing(attempted: str = ATTEMPTED) -> Iterator[None]:
    """Turn a failure to read into our own error."""
    try:
        yield
    except ReadError as error:
        step = error.next_step or "Run it again; the planner twin needs no server."
        raise HypoPGError(attempted, error.happened, step) from None


def _found(session: Session, target: Target, options: CollectOptions) -> HypoServer:
    try:
        facts = read_facts(session)
    except ReadError as error:
        if error.sqlstate is None:
            _refuse_statement_pooling(target)
        raise
    identity = identity_of(session, facts)
    server = server_of(facts, identity)
    refuse_unsupported(server, identity)
    if server.is_superuser:
        session.hide_from_statistics()
    extension = _extension(session, server)
    calls = functions(extension.schema, version_of(extension))
    _check_privilege(session, calls, extension, identity)
    found = read_tables(session, options)
    indexes, locked = read_indexes(session, options)
    return HypoServer(
        session=session,
        server=server,
        identity=identity,
        extension=extension,
        functions=calls,
        policy=function_policy(
            session.read("planned_functions"),
            allows_user_functions=options.explain_user_functions,
        ),
        tables=found.tables,
        indexes=indexes,
        locked=frozenset((*(name for _, name in found.locked), *locked)),
    )


def _extension(session: Session, server: Server) -> Extension:
    """The extension, in a version that we can use.

    Raises:
        UnusableHypoPGError: There is none.
    """
    extension = next((e for e in read_extensions(session) if e.name == EXTENSION), None)
    if extension is None:
        happened = f"the extension is not installed in the database {server.database}"
        if server.is_in_recovery:
            happened += ", a standby, which has the extensions of its primary"
        raise UnusableHypoPGError(ATTEMPTED, happened, _INSTALL)
    if version_of(extension) < OLDEST:
        raise UnusableHypoPGError(
            ATTEMPTED,
            f"the extension is version {extension.version}, too old to be used without a trace",
            "Install a newer package and run ALTER EXTENSION hypopg UPDATE; or use the planner "
            "twin.",
        )
    return extension


def _check_privilege(
    session: Session, calls: Functions, extension: Extension, identity: Identity
) -> None:
    """Call HypoPG once, which also loads it.

    Raises:
        UnusableHypoPGError: The role may not, or the library is not there.
    """
    try:
        session.fetch(calls.count)
    except ReadError as error:
        if error.sqlstate == reasons.NO_PRIVILEGE:
            schema, role = quote_identifier(extension.schema), quote_identifier(identity.role)
            raise UnusableHypoPGError(
                ATTEMPTED,
                f"the role {identity.role} may not use the extension's schema or its functions",
                f"GRANT USAGE ON SCHEMA {schema} TO {role}; and, if that has been taken from "
                "everybody, EXECUTE on its functions.",
            ) from None
        if error.sqlstate in _NO_LIBRARY:
            raise UnusableHypoPGError(
                ATTEMPTED,
                "the extension is declared in this database, but the server lacks its library",
                "Install the package for this major version on the server, or use the planner "
                "twin.",
            ) from None
        raise


def _refuse_statement_pooling(target: Target) -> None:
    """Tell a pooler that refuses transactions from a server that is gone.

    Raises:
        UnusableHypoPGError: A statement alone is answered, and BEGIN ended the connection.
        ConnectError: The server is gone.
    """
    with Session(target) as session:
        [result] = session.run([Command("select pg_catalog.pg_backend_pid()"), SYNC])
        is_answered = sqlstate_of(result) is None
    if is_answered:
        raise UnusableHypoPGError(
            ATTEMPTED,
            "the connection ends where a transaction begins, as behind a pooler that gives each "
            "statement to another connection",
            "Connect to the server itself, or to a pool in transaction or session mode.",
        )


def _scope(snapshot: Snapshot, options: CollectOptions) -> CollectOptions:
    """Read the schemas that the snapshot knows."""
    schemas = {table.schema for table in snapshot.tables}
    schemas |= {index.schema for index in snapshot.indexes}
    return replace(options, schemas=tuple(sorted(schemas)), exclude_schemas=())


def version_of(extension: Extension) -> tuple[int, ...]:
    """The version of the extension as numbers: ``(1, 3, 1)``."""
    return tuple(int(part) for part in re.findall(r"\d+", extension.version))
