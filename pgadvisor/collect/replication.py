"""Slots and standbys."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.collect.session import Session
from pgadvisor.model.replication import ReplicationSlot, WalSender

_STREAMING = frozenset({"streaming", "catchup"})


def read_replication_slots(session: Session) -> tuple[ReplicationSlot, ...]:
    """Read the replication slots of the server.

    Raises:
        ReadError: It failed.
    """
    return tuple(ReplicationSlot(**row) for row in session.read("replication_slots"))


def read_wal_senders(session: Session) -> tuple[WalSender, ...]:
    """Read who streams from the server.

    Raises:
        ReadError: It failed.
    """
    return tuple(WalSender(**row) for row in session.read("wal_senders"))


def streaming_count(senders: Iterable[WalSender]) -> int | None:
    """Count those that stream; None where a state is hidden from us."""
    states = [one.state for one in senders]
    return None if None in states else sum(state in _STREAMING for state in states)
