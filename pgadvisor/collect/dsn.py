"""Connection strings as people write them: mended where the meaning is plain, else refused.

libpq's own messages quote what they cannot read, and with it the password (8 of 23 common
mistakes), so none of them is ever passed on: a refusal names the part that is wrong, not its text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from pgadvisor.errors import DsnError

ATTEMPTED = "reading the connection string"
HOW_TO = "Write it as postgresql://user@host:5432/database or as host=... dbname=... user=...."

_SCHEME = re.compile(r"^(?:jdbc:)?(?P<name>[a-z][a-z0-9]*)(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_POSTGRES = frozenset({"postgresql", "postgres", "postgis", "pgsql", "psql"})
_OTHERS = frozenset(
    {"mysql", "mariadb", "sqlite", "oracle", "mssql", "sqlserver", "mongodb", "redis", "http"}
    | {"https", "cockroachdb", "snowflake", "file"}
)
_BARE_NAME = re.compile(r"^[^\W\d][\w$-]*$")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEYWORDS = re.compile(r"^\s*[a-z_]+\s*=", re.IGNORECASE)
_ORM_PARAMETERS = frozenset(
    {"schema", "pgbouncer", "connection_limit", "pool_timeout", "statement_cache_size"}
    | {"sslaccept", "socket_timeout", "pool_size", "max_overflow", "prepared_statements"}
    | {"prepared_statement_cache_size", "supa", "workaround", "conn_max_age", "serverversion"}
)
"""What libraries of other languages put into a URL, and libpq does not know."""
_SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
_SECRET_KEYWORDS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key")
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect to.  Its ``repr`` shows nothing of it."""

    parameters: Mapping[str, str] = field(repr=False)
    """libpq's connection parameters; what is missing, libpq takes from its own variables."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that must not appear in any message, the longest first."""

    @property
    def has_password(self) -> bool:
        """The connection string itself holds a password."""
        return bool(self.parameters.get("password"))

    def scrub(self, text: str) -> str:
        """Replace every secret in a message by ``***``."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def read_target(dsn: str | None, environment: Mapping[str, str] | None = None) -> Target:
    """Read a connection string, else ``DATABASE_URL``, else leave all to libpq's own variables.

    Raises:
        DsnError: It cannot be read; the message holds nothing of its text.
    """
    environment = os.environ if environment is None else environment
    raw = dsn if dsn is not None else environment.get("DATABASE_URL", "")
    parameters = _parameters(_unwrapped(raw))
    _check(parameters)
    secrets = {environment.get("PGPASSWORD", "")}
    if "@" in raw or "=" in raw:  # more than the name of a database
        secrets |= {raw, raw.strip()}
    for keyword in _SECRET_KEYWORDS:
        value = parameters.get(keyword, "")
        secrets |= {value, quote(value, safe=""), quote(value), unquote(value)}
    ordered = sorted(filter(None, secrets), key=lambda secret: (-len(secret), secret))
    return Target(parameters=parameters, secrets=tuple(ordered))


def _unwrapped(raw: str) -> str:
    """Take off what copying leaves around a connection string."""
    text = raw.strip().lstrip("\ufeff")
    text = re.sub(r"^(?:export\s+)?DATABASE_URL\s*=\s*", "", text)
    text = re.sub(r"^psql\s+", "", text)
    pairs = (('"', '"'), ("'", "'"), ("`", "`"), ("\u201c", "\u201d"), ("<", ">"))
    for first, last in pairs:
        if len(text) > 1 and text.startswith(first) and text.endswith(last):
            text = text[1:-1].strip()
    return text


def _parameters(text: str) -> dict[str, str]:
    if "\0" in text:
        raise _refused("it holds a NUL character")
    if not text:
        return {}
    scheme = _SCHEME.match(text)
    if scheme is not None:
        return _from_url(scheme["name"].lower(), text[scheme.end() :])
    if _KEYWORDS.match(text):
        return _parsed(text, "a value with a blank in it needs single quotes around it")
    if _BARE_NAME.match(text):
        return {"dbname": text}
    if re.match(r"^[a-z]+:?/", text, re.IGNORECASE):
        raise _refused("its scheme is misspelt")
    if "@" in text or "/" in text or ":" in text:
        raise _refused("it has no scheme")
    raise _refused("it is neither a URL nor a list of keyword=value")


def _from_url(scheme: str, rest: str) -> dict[str, str]:
    if scheme in _OTHERS:
        raise _refused(f"it is for {scheme}, not for PostgreSQL")
    if scheme not in _POSTGRES:
        raise _refused("its scheme is not known")
    if _BAD_ESCAPE.search(rest):
        raise _refused("it holds a % that begins no escape", "Write %25 for a percent sign.")
    if re.search(r"\s", rest):
        raise _refused("it holds a blank", "Write %20 for a blank.")
    place, question, query = rest.partition("?")
    authority, slash, path = place.partition("/")
    if "@" in path or "@" in query.partition("&")[0].partition("=")[0] or "#" in place:
        raise _refused(
            "a special character in the user or the password is not escaped",
            "Write %2F for /, %3F for ?, %23 for # and %40 for @.",
        )
    login, at, hosts = authority.rpartition("@")
    if hosts.count("[") != hosts.count("]"):
        raise _refused("the host has a bracket too many or too few")
    kept = [part for part in query.split("&") if not _is_for_an_orm(part)]
    url = f"postgresql://{login.replace('@', '%40')}{at}{hosts}{slash}{path}"
    if kept and question:
        url += "?" + "&".join(kept)
    return _parsed(url, "its host, its port or a parameter after the ? cannot be read")


def _is_for_an_orm(parameter: str) -> bool:
    return parameter.partition("=")[0].lower() in _ORM_PARAMETERS or not parameter


def _parsed(text: str, reason: str) -> dict[str, str]:
    try:
        found = conninfo_to_dict(text)
    except (ProgrammingError, UnicodeError):
        # Their text quotes ours, so neither it nor the exception is passed on.
        raise _refused(reason) from None
    return {name: str(value) for name, value in found.items() if value is not None}


def _check(parameters: Mapping[str, str]) -> None:
    for port in filter(None, parameters.get("port", "").split(",")):
        if not port.isdecimal() or not 0 < int(port) <= _MAX_PORT:
            raise _refused("the port is not a number from 1 to 65535")
    if parameters.get("sslmode", "prefer") not in _SSL_MODES:
        raise _refused("sslmode is none of " + ", ".join(sorted(_SSL_MODES)))
    if not re.fullmatch(r"-?\d{1,9}", parameters.get("connect_timeout", "10")):
        raise _refused("connect_timeout is not a number of seconds")


def _refused(happened: str, next_step: str = HOW_TO) -> DsnError:
    return DsnError(ATTEMPTED, happened, next_step)
