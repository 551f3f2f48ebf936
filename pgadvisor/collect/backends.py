"""What the server's sessions do now."""

from __future__ import annotations

from pgadvisor.collect.session import Session
from pgadvisor.model.backends import (
    ConnectionCount,
    OpenTransaction,
    PreparedTransaction,
    RunningVacuum,
)


def read_connections(session: Session) -> tuple[ConnectionCount, ...]:
    """Count the clients of the server, but for our own session.

    Raises:
        ReadError: It failed.
    """
    return tuple(ConnectionCount(**row) for row in session.read("connections"))


def read_open_transactions(session: Session) -> tuple[OpenTransaction, ...]:
    """Read the oldest transactions that are open.

    Raises:
        ReadError: It failed.
    """
    return tuple(OpenTransaction(**row) for row in session.read("open_transactions"))


def read_prepared_transactions(session: Session) -> tuple[PreparedTransaction, ...]:
    """Read the transactions that wait for COMMIT PREPARED.

    Raises:
        ReadError: It failed.
    """
    return tuple(PreparedTransaction(**row) for row in session.read("prepared_transactions"))


def read_running_vacuums(session: Session) -> tuple[RunningVacuum, ...]:
    """Read which tables are being vacuumed.

    Raises:
        ReadError: It failed.
    """
    return tuple(RunningVacuum(**row) for row in session.read("running_vacuums"))
