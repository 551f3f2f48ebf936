"""Foreign servers that can never be reached, so that foreign tables are planned as such.

``postgres_fdw`` plans from what is known here, unless it is told to ask the other server.  Nothing
of ours ever asks: the servers have a path for a socket that cannot exist, and the role may
neither change them nor make others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.foreign import Foreign
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.sqltext.quote import quote_identifier, quote_literal
from pgadvisor.whatif.twin.session import ROLE, TwinServer

WRAPPER = "postgres_fdw"
_HANDLER = "postgres_fdw_handler"
_NOWHERE = (("host", "/dev/null/nowhere"), ("port", "1"), ("dbname", "nowhere"))
"""Below a file there are no sockets."""
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?:e[+-]?\d{1,2})?")
_COUNT = re.compile(r"[1-9]\d{0,8}")
_FLAG = re.compile(r"true|false|on|off|yes|no|1|0", re.IGNORECASE)
_SERVER_OPTIONS = {
    "fdw_startup_cost": _NUMBER,
    "fdw_tuple_cost": _NUMBER,
    "fetch_size": _COUNT,
    "batch_size": _COUNT,
    "async_capable": _FLAG,
    "updatable": _FLAG,
}
"""What may be taken over, and what it looks like."""
_TABLE_OPTIONS = ("fetch_size", "batch_size", "async_capable", "updatable")
_SINCE_14 = frozenset({"async_capable", "batch_size"})
_ON = frozenset({"true", "on", "yes", "1"})


def create_servers(server: TwinServer, catalog: Catalog) -> list[str]:
    """Make the servers of the snapshot's foreign tables; returns what is different.

    Raises:
        TwinError: The server is gone.
    """
    tables = [table for table in catalog.snapshot.tables if table.foreign is not None]
    notes = list(_differences(catalog.snapshot.tables))
    if not tables or not _is_available(server):
        return notes
    server.command(f"create extension if not exists {WRAPPER} schema pgadvisor_twin")
    extensions = {name for (name,) in server.query("select extname from pg_extension")}
    major = server.cluster.binaries.major
    for name, foreign in _servers(tables).items():
        options = (*_NOWHERE, *_server_options(foreign, extensions, major))
        quoted = quote_identifier(name)
        server.command(
            f"create server {quoted} foreign data wrapper {WRAPPER} options ({_listed(options)})"
        )
        server.command(f"grant usage on foreign server {quoted} to {ROLE}")
    return notes


def close_servers(server: TwinServer) -> None:
    """Take from the role what it needed to make its foreign tables.

    Raises:
        TwinError: The server is gone.
    """
    for (name,) in server.query("select srvname from pg_foreign_server"):
        server.command(f"revoke all on foreign server {quote_identifier(name)} from {ROLE}")


def foreign_clause(foreign: Foreign) -> str:
    """What CREATE FOREIGN TABLE ends with: the server and the table's own options."""
    kept = _valid(foreign.options, _TABLE_OPTIONS) if _is_known(foreign) else ()
    options = f" OPTIONS ({listed})" if (listed := _listed(kept)) else ""
    return f" SERVER {quote_identifier(foreign.server)}{options}"


def _is_available(server: TwinServer) -> bool:
    return bool(server.query("select 1 from pg_available_extensions where name = %s", (WRAPPER,)))


def _is_known(foreign: Foreign) -> bool:
    return _HANDLER in {foreign.handler, f"{foreign.wrapper}_handler"}


def _servers(tables: Iterable[Table]) -> Mapping[str, Foreign]:
    return {table.foreign.server: table.foreign for table in tables if table.foreign is not None}


def _server_options(
    foreign: Foreign, extensions: Collection[str], major: int
) -> Iterator[tuple[str, str]]:
    if not _is_known(foreign):
        return
    for name, value in _valid(foreign.server_options, _SERVER_OPTIONS):
        if major >= 14 or name not in _SINCE_14:  # noqa: PLR2004  (a major version)
            yield name, value
    listed = dict(foreign.server_options).get("extensions", "")
    names = [name.strip().strip('"') for name in listed.split(",")]
    if known := [quote_identifier(name) for name in names if name in extensions]:
        yield "extensions", ", ".join(known)


def _valid(
    options: Iterable[tuple[str, str]], names: Collection[str]
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, value in options
        if name in names and _SERVER_OPTIONS[name].fullmatch(value)
    )


def _listed(options: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {quote_literal(value)}" for name, value in options)


def _differences(tables: Iterable[Table]) -> Iterator[str]:
    """Yield which foreign tables are not planned as they are on the original, and why."""
    for table in tables:
        what, foreign = f"foreign table {table.qualified_name}", table.foreign
        if foreign is None:
            if table.kind is RelationKind.FOREIGN_TABLE:
                yield f"{what} is planned as a plain table: the snapshot does not tell its server"
            continue
        if not _is_known(foreign):
            reason = f"only that wrapper plans without what {foreign.wrapper} reads"
            yield f"{what} is stood in for by one of {WRAPPER}: {reason}"
            continue
        remote = {**dict(foreign.server_options), **dict(foreign.options)}
        if remote.get("use_remote_estimate", "false").lower() in _ON:
            yield f"{what} is planned without remote estimates: its server cannot be asked"
