"""Open a connection, or say in one sentence why there is none."""

from __future__ import annotations

import ipaddress
import re
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo

from pgadvisor.collect.dsn import Target
from pgadvisor.collect.loaders import read_leniently, register_loaders
from pgadvisor.errors import ConnectError
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.version import VERSION

ATTEMPTED = "connecting to the server"
CONNECT_TIMEOUT_S = 10
RETRY_AFTER_S = 0.5

Connected = Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Cause:
    pattern: str
    happened: str
    next_step: str
    is_passing: bool = False


# The server's message is matched where libpq gives nothing else to decide on: of a failure to
# connect it keeps no SQLSTATE.  What matches nothing is shown as it is, scrubbed.
_CAUSES = (
    _Cause(
        r"starting up|in recovery mode|shutting down|not yet accepting connections",
        "the server is starting up or shutting down",
        "Try again in a moment.",
        is_passing=True,
    ),
    _Cause(
        r"too many (clients|connections)|remaining connection slots|no more connections allowed",
        "the server has no connection left for us",
        "Try again later, or give the role a reserved connection (reserved_connections).",
    ),
    _Cause(
        r"password authentication failed|empty password|no password supplied|SCRAM|fe_sendauth",
        "the user name or the password is wrong, or a password is missing",
        "Check PGUSER and PGPASSWORD, the connection string or ~/.pgpass.",
    ),
    _Cause(
        r'role ".*" (does not exist|is not permitted to log in)',
        "there is no such role on the server, or it may not log in",
        "Check the user name; without one, libpq takes that of the operating system.",
    ),
    _Cause(
        r'database ".*" (does not exist|is not currently accepting connections)',
        "there is no such database on the server, or it takes no connections",
        "Check the database name; without one, libpq takes the user name.",
    ),
    _Cause(
        r"permission denied for database",
        "the role may not connect to this database",
        "Grant it: GRANT CONNECT ON DATABASE ... TO ....",
    ),
    _Cause(
        r"no pg_hba\.conf entry|pg_hba\.conf rejects|Ident authentication|Peer authentication"
        r"|peer authentication|certificate authentication",
        "the server's pg_hba.conf does not let this user in from here",
        "Ask for an entry in pg_hba.conf, or for a connection with TLS (sslmode=require).",
    ),
    _Cause(
        r"server does not support SSL|SSL was required|invalid response to SSL negotiation",
        "the server does not speak TLS, which sslmode asks for",
        "Use sslmode=prefer, or switch ssl on at the server.",
    ),
    _Cause(
        r"certificate verify failed|root certificate|server certificate|SSL error|sslmode value",
        "the TLS connection cannot be trusted or set up",
        "Check sslmode and sslrootcert; the server's certificate must name its host.",
    ),
    _Cause(
        r"timeout expired|timed out",
        "the server did not answer in time",
        "Check host and port, and that no firewall is between.",
    ),
    _Cause(
        r"failed to resolve host|could not translate host name|Name or service not known",
        "the host name cannot be resolved",
        "Check the spelling of the host.",
        is_passing=True,
    ),
    _Cause(
        r"[Cc]onnection refused|No such file or directory|could not connect",
        "no server listens there",
        "Check host and port (or the directory of the socket), and that the server runs.",
        is_passing=True,
    ),
    _Cause(
        r"definition of service|service file",
        "the service is not defined",
        "Check PGSERVICE and the service file (PGSERVICEFILE, ~/.pg_service.conf).",
    ),
    _Cause(
        r"unsupported startup parameter|client_login_timeout|no such user|server_login_retry",
        "a connection pooler refused us",
        "Connect to the server itself rather than to its pooler.",
    ),
)


def connect(target: Target) -> Connected:
    """Open a connection with our own settings; a passing failure is tried once more.

    Raises:
        ConnectError: There is none; the message says why, and holds no secret.
    """
    try:
        connection = _open(target, "UTF8")
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            # Such a database converts nothing, and refuses to send bytes that are not valid in
            # the encoding that we ask for.
            connection.close()
            connection = _open(target, "SQL_ASCII")
            read_leniently(connection)
    except psycopg.Error as error:
        # Neither the error nor its cause may be seen: they hold the whole connection string.
        raise _explained(target, error) from None
    register_loaders(connection)
    return connection


def transport_warnings(connection: Connected, target: Target) -> tuple[Unavailable, ...]:
    """Warn of a connection over a network that is not encrypted, or not verified."""
    host = connection.info.hostaddr or connection.info.host
    if _is_local(host):
        return ()
    if not connection.pgconn.ssl_in_use:
        reason = "the server is not local and the connection is not encrypted"
    elif target.parameters.get("sslmode", "prefer") in {"prefer", "allow", "disable"}:
        reason = "the connection is encrypted only because the server offered it"
    else:
        return ()
    return (
        Unavailable(
            what="a trusted connection",
            reason=reason,
            consequence="the password and table statistics can be read or changed on the way",
            remedy="Connect with sslmode=verify-full and sslrootcert.",
        ),
    )


def _open(target: Target, encoding: str) -> Connected:
    for attempt in (1, 2):
        try:
            return psycopg.connect(
                make_conninfo("", **{**_DEFAULTS, **target.parameters, **_OURS}),
                autocommit=True,
                prepare_threshold=None,
                client_encoding=encoding,
            )
        except psycopg.OperationalError as error:
            cause = _cause(str(error))
            if attempt == 2 or cause is None or not cause.is_passing:  # noqa: PLR2004
                raise
            time.sleep(RETRY_AFTER_S)
    raise AssertionError("the second attempt returns or raises")


_DEFAULTS = {
    "connect_timeout": str(CONNECT_TIMEOUT_S),
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
_OURS = {"application_name": f"pgadvisor/{VERSION}"}


def _cause(message: str) -> _Cause | None:
    return next((cause for cause in _CAUSES if re.search(cause.pattern, message)), None)


def _explained(target: Target, error: psycopg.Error) -> ConnectError:
    message = str(error)
    cause = _cause(message)
    if cause is not None:
        return ConnectError(ATTEMPTED, cause.happened, cause.next_step)
    pgconn = error.pgconn
    if pgconn is not None and (pgconn.needs_password or pgconn.used_password):
        # In any language: a password was asked for, and what followed was a refusal.
        return ConnectError(
            ATTEMPTED,
            "the server asked for a password and then refused us",
            "Check PGUSER and PGPASSWORD, the connection string or ~/.pgpass.",
        )
    first = message.strip().splitlines()[0] if message.strip() else "no reason was given"
    return ConnectError(ATTEMPTED, target.scrub(first), "Check host, port, user and database.")


def _is_local(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
