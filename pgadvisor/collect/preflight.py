"""What is missing before the start, and what that costs in advice."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.collect import reasons
from pgadvisor.collect.server import Identity, is_postgresql
from pgadvisor.collect.session import ReadError, Record
from pgadvisor.collect.statements import EXTENSION, extension_of, version_of
from pgadvisor.errors import ConnectError
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.sqltext.quote import quote_identifier

OLDEST_MAJOR = 13
NEWEST_MAJOR = 18
_COLUMNS_BY_VERSION = {13: (1, 8), 14: (1, 9), 15: (1, 10), 16: (1, 10), 17: (1, 11), 18: (1, 12)}
"""The extension's version that comes with each major."""
_OLDEST_EXTENSION = (1, 4)
_NO_WORKLOAD = "no advice that rests on the workload: only what catalog and statistics show"


def refuse_unsupported(server: Server, identity: Identity) -> None:
    """Refuse servers that we cannot read.

    Raises:
        ConnectError: It is no PostgreSQL, or too old a one.
    """
    attempted = "reading from the server"
    if not is_postgresql(identity.version_text):
        raise ConnectError(
            attempted,
            "it speaks PostgreSQL's protocol but is another product",
            "pgadvisor works with PostgreSQL 13 to 18 only.",
        )
    if server.major < OLDEST_MAJOR:
        raise ConnectError(
            attempted,
            f"it is PostgreSQL {server.major}, which has had no fixes for years",
            f"pgadvisor works with PostgreSQL {OLDEST_MAJOR} to {NEWEST_MAJOR}.",
        )


def check_server(server: Server, role: str) -> tuple[Unavailable, ...]:
    """Find what about the server itself limits the advice."""
    found: list[Unavailable] = []
    if server.major > NEWEST_MAJOR:
        found.append(
            Unavailable(
                what=f"experience with PostgreSQL {server.major}",
                reason="it is newer than this version of pgadvisor",
                consequence="what is new in it is not read, and its planner may differ",
                remedy="Update pgadvisor.",
            )
        )
    if server.is_in_recovery:
        found.append(
            Unavailable(
                what="usage counters of the primary",
                reason="this is a hot standby, whose counters are its own",
                consequence="nothing is called unused, since the primary may use it",
                remedy="Run on the primary, too.",
            )
        )
    if server.is_superuser:
        found.append(
            Unavailable(
                what="the protection of a reading role",
                reason=f"the role {quote_identifier(role)} is a superuser",
                consequence="planning a statement may run code of the users with all rights",
                remedy="Use a role of its own; pgadvisor grants prints the SQL.",
            )
        )
    if server.is_through_pooler:
        found.append(
            Unavailable(
                what="a connection of our own",
                reason="a connection pooler stands between us and the server",
                consequence="settings of the pooler's role and limits may differ from the users'",
                remedy="Connect to the server itself where you can.",
            )
        )
    return tuple(found)


def check_extension(server: Server) -> tuple[Unavailable, ...]:
    """Find what keeps ``pg_stat_statements`` from telling all it could."""
    extension = extension_of(server)
    if extension is None:
        return (
            Unavailable(
                what=EXTENSION,
                reason="the extension is not installed in this database",
                consequence=_NO_WORKLOAD,
                remedy=(
                    f"Add {EXTENSION} to shared_preload_libraries, restart the server, "
                    f"and run CREATE EXTENSION {EXTENSION};"
                ),
            ),
        )
    found: list[Unavailable] = []
    version = version_of(extension)
    expected = _COLUMNS_BY_VERSION.get(server.major, version)
    if version < expected:
        found.append(
            Unavailable(
                what=f"newer counters of {EXTENSION}",
                reason=f"the extension is version {extension.version}, older than the server",
                consequence="some counters are missing",
                remedy=f"ALTER EXTENSION {EXTENSION} UPDATE;",
            )
        )
    track = server.setting(f"{EXTENSION}.track")
    if track is not None and track.value == "none":
        found.append(
            Unavailable(
                what="new statements",
                reason=f"{EXTENSION}.track is none",
                consequence="statements of today are not counted",
                remedy=f"ALTER SYSTEM SET {EXTENSION}.track = 'top'; SELECT pg_reload_conf();",
            )
        )
    return tuple(found)


def is_readable(server: Server) -> bool:
    """The extension is there, in a version that has the columns."""
    extension = extension_of(server)
    return extension is not None and version_of(extension) >= _OLDEST_EXTENSION


def statements_failed(error: ReadError) -> Unavailable:
    """Say why ``pg_stat_statements`` could not be read."""
    if error.sqlstate == reasons.NOT_PRELOADED:
        return Unavailable(
            what=EXTENSION,
            reason="its library is not in shared_preload_libraries",
            consequence=_NO_WORKLOAD,
            remedy=(
                f"Add {EXTENSION} to shared_preload_libraries, keeping what is there, "
                "and restart the server."
            ),
            sqlstate=error.sqlstate,
        )
    if error.sqlstate == reasons.NO_PRIVILEGE:
        return Unavailable(
            what=EXTENSION,
            reason="the role may not use it",
            consequence=_NO_WORKLOAD,
            remedy="GRANT USAGE on the schema of the extension, and SELECT on its views.",
            sqlstate=error.sqlstate,
        )
    return Unavailable(
        what=EXTENSION,
        reason=error.happened,
        consequence=_NO_WORKLOAD,
        remedy=error.next_step,
        sqlstate=error.sqlstate,
        is_failure=True,
    )


def check_privileges(privileges: Record, schemas: Iterable[Record]) -> tuple[Unavailable, ...]:
    """Find the grants that are missing.

    Args:
        privileges: The row of the read ``privileges``.
        schemas: The rows of the read ``schema_privileges``.
    """
    role = quote_identifier(privileges["role"])
    found: list[Unavailable] = []
    if not privileges["may_read_statistics"] or not privileges["may_read_settings"]:
        found.append(
            Unavailable(
                what="activity of other roles",
                reason="the role is not a member of pg_monitor",
                consequence="statements of others, some settings and replication are hidden",
                remedy=f"GRANT pg_monitor TO {role};",
            )
        )
    for row in schemas:
        name = quote_identifier(row["schema"])
        if not row["may_use"]:
            found.append(
                Unavailable(
                    what=f"plans of statements on schema {row['schema']}",
                    reason="the role has no USAGE on the schema",
                    consequence="they are planned on the twin only, and not compared",
                    remedy=f"GRANT USAGE ON SCHEMA {name} TO {role};",
                )
            )
    return tuple(found)
