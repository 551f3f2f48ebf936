"""The server as a whole: versions, settings, extensions, roles' settings, counters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgadvisor.collect.search_path import parse_search_path
from pgadvisor.collect.session import ReadError, Record, Session
from pgadvisor.collect.tables import option_pairs
from pgadvisor.model.server import (
    DatabaseActivity,
    Extension,
    RoleSetting,
    Server,
    Setting,
    Tablespace,
)

_PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin", "d": "libc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which server answers: it changes with a failover, and with a restart."""

    version_text: str
    """What ``version()`` says; products that only speak PostgreSQL's protocol say so here."""
    started_at: datetime
    address: str | None
    is_in_recovery: bool
    role: str
    """Who we are to the server."""
    is_through_pooler: bool

    def is_same_server(self, other: Identity) -> bool:
        """Both answers came from one server, not restarted in between."""
        return (self.started_at, self.address, self.is_in_recovery) == (
            other.started_at,
            other.address,
            other.is_in_recovery,
        )


def read_facts(session: Session) -> Record:
    """Read who the server is; the first read of all.

    Raises:
        ReadError: It failed, and without it there is no collection.
    """
    [facts] = session.read("server")
    return facts


def identity_of(session: Session, facts: Record) -> Identity:
    """Say which server, and through what, has answered."""
    return Identity(
        version_text=facts["version_text"],
        started_at=facts["started_at"],
        address=facts["server_address"],
        is_in_recovery=facts["is_in_recovery"],
        role=facts["role"],
        is_through_pooler=facts["backend_pid"] != session.connection.info.backend_pid,
    )


def server_of(facts: Record, identity: Identity) -> Server:
    """Make the value that the other collectors fill."""
    names = ("version_num", "version", "database", "database_oid", "encoding", "collation")
    others = ("character_type", "collected_at", "started_at", "is_in_recovery", "is_superuser")
    known: dict[str, Any] = {name: facts[name] for name in (*names, *others, "block_size_bytes")}
    return Server(is_through_pooler=identity.is_through_pooler, **known)


def read_control_data(session: Session) -> tuple[str | None, int | None]:
    """Read the system identifier and the timeline; None each where the server hides them.

    Nothing is missing without them in an analysis of one snapshot; where several are compared,
    that says what it goes by instead.
    """
    try:
        [row] = session.read("control_data")
    except ReadError:
        return None, None
    return row["system_identifier"], row["timeline"]


def read_locale(session: Session) -> tuple[str, str | None]:
    """Read the provider of the default collation, and its locale where it is not libc's.

    Raises:
        ReadError: It failed.
    """
    [row] = session.read("database_locale")
    provider: str = row["locale_provider"]
    return _PROVIDERS.get(provider, provider), row["locale"]


def read_settings(session: Session) -> tuple[tuple[Setting, ...], tuple[str, ...]]:
    """Read the settings, and the search path that a session of ours starts with.

    The values are those of a new session, since this one has settings of its own.

    Raises:
        ReadError: It failed.
    """
    settings: list[Setting] = []
    search_path: tuple[str, ...] = ("public",)
    for row in session.read_bare("settings"):
        initial = row.pop("session_value")
        if row["source"] == "session":  # our own SET LOCAL, which hides the true source
            row["value"] = initial
            row["source"] = "default" if initial == row["boot_value"] else "unknown"
        if row["name"] == "search_path":
            search_path = parse_search_path(initial)
        settings.append(Setting(**row))
    return tuple(settings), search_path


def read_extensions(session: Session) -> tuple[Extension, ...]:
    """Read the extensions of this database.

    Raises:
        ReadError: It failed.
    """
    return tuple(Extension(**row) for row in session.read("extensions"))


def read_role_settings(session: Session) -> tuple[RoleSetting, ...]:
    """Read what is set for roles and for this database.

    Raises:
        ReadError: It failed.
    """
    return tuple(RoleSetting(**row) for row in session.read("role_settings"))


def read_service_marks(session: Session) -> tuple[str, ...]:
    """Read what only managed services have.

    Raises:
        ReadError: It failed.
    """
    return tuple(row["mark"] for row in session.read("service_marks"))


def read_tablespaces(session: Session) -> tuple[tuple[Tablespace, ...], str]:
    """Read the tablespaces that have options, and the name of the database's own.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("tablespaces")
    found = tuple(
        Tablespace(name=row["name"], options=option_pairs(row["options"]))
        for row in rows
        if row["options"]
    )
    return found, next((row["name"] for row in rows if row["is_default"]), "pg_default")


def read_activity(session: Session) -> tuple[DatabaseActivity, datetime | None]:
    """Read the database's counters, and when they were reset.

    Raises:
        ReadError: It failed.
    """
    [row] = session.read("database_activity")
    reset_at: datetime | None = row.pop("statistics_reset_at")
    return DatabaseActivity(**row), reset_at


def is_postgresql(version_text: str) -> bool:
    """Tell PostgreSQL from what only speaks its protocol."""
    others = r"cockroach|yugabyte|-YB-|redshift|greenplum|materialize|cratedb|questdb|EdgeDB"
    return version_text.startswith(("PostgreSQL ", "EnterpriseDB ")) and not re.search(
        others, version_text, re.IGNORECASE
    )
