"""What the whole server is busy with, as a list of small reads of which each may fail alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pgadvisor.collect.backends import (
    read_connections,
    read_open_transactions,
    read_prepared_transactions,
    read_running_vacuums,
)
from pgadvisor.collect.blocking import read_blocking_sessions
from pgadvisor.collect.replication import read_replication_slots, read_wal_senders
from pgadvisor.collect.server_counters import (
    read_collation_versions,
    read_lookup_activity,
    read_wal_activity,
    read_write_activity,
)
from pgadvisor.collect.session import Session
from pgadvisor.collect.transaction_age import read_databases


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRead:
    """One read that fills one field of ``model.server.Server``."""

    field: str
    what: str
    """What is missing if it fails, for people."""
    read: Callable[[Session], Any]


STATE_READS = (
    StateRead(field="wal_senders", what="replication", read=read_wal_senders),
    StateRead(field="replication_slots", what="replication slots", read=read_replication_slots),
    StateRead(field="databases", what="ages of databases", read=read_databases),
    StateRead(field="connections", what="connections", read=read_connections),
    StateRead(field="open_transactions", what="open transactions", read=read_open_transactions),
    StateRead(
        field="prepared_transactions",
        what="prepared transactions",
        read=read_prepared_transactions,
    ),
    StateRead(field="blocking_sessions", what="waits for locks", read=read_blocking_sessions),
    StateRead(field="running_vacuums", what="running vacuums", read=read_running_vacuums),
    StateRead(field="write_activity", what="counters of checkpoints", read=read_write_activity),
    StateRead(field="wal_activity", what="counters of WAL", read=read_wal_activity),
    StateRead(field="lookup_activity", what="counters of look-ups", read=read_lookup_activity),
    StateRead(
        field="collation_versions", what="versions of collations", read=read_collation_versions
    ),
)
