"""What no server tells of where it runs and of who connects: the user says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StorageKind(StrEnum):
    """What the data lie on."""

    SSD = "ssd"
    HDD = "hdd"
    NETWORK = "network"
    """A volume that is reached through a network, as most of those in clouds are."""


class PoolMode(StrEnum):
    """For how long a client has a connection of a pool to itself."""

    SESSION = "session"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine, or the container, that the server has to itself."""

    memory_bytes: int | None = None
    """All that it may use: of a container, its limit; None: nobody has said."""
    cpu_count: int | None = None
    storage: StorageKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool of connections that are made to the server itself."""

    name: str
    size: int
    """Connections that each instance opens at most."""
    instances: int = 1
    """Processes, or copies of the application, of which each has such a pool."""
    mode: PoolMode = PoolMode.SESSION

    @property
    def connections(self) -> int:
        """What all instances open at most."""
        return self.size * self.instances
