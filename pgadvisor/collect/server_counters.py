"""Counters of the whole server, and versions of its collations."""

from __future__ import annotations

from pgadvisor.collect.session import Session
from pgadvisor.model.server_counters import (
    CollationVersion,
    LookupActivity,
    WalActivity,
    WriteActivity,
)


def read_write_activity(session: Session) -> WriteActivity:
    """Read what checkpoints, the background writer and sessions have written.

    Raises:
        ReadError: It failed.
    """
    [row] = session.read("write_activity")
    return WriteActivity(**row)


def read_wal_activity(session: Session) -> WalActivity | None:
    """Read how much WAL was written; None where the server does not count it.

    Raises:
        ReadError: It failed.
    """
    return next((WalActivity(**row) for row in session.read("wal_activity")), None)


def read_lookup_activity(session: Session) -> LookupActivity:
    """Read how often the small caches of transactions were of no use.

    Raises:
        ReadError: It failed.
    """
    [row] = session.read("lookup_activity")
    return LookupActivity(**row)


def read_collation_versions(session: Session) -> tuple[CollationVersion, ...]:
    """Read the versions of the collations in use, where both are known.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("collation_versions")
    return tuple(CollationVersion(**row) for row in rows if row["actual"] is not None)
