"""What a rule asks of the machine and of what lies on it, and what it says if nobody has told."""

from __future__ import annotations

from pgadvisor.model.machine import StorageKind
from pgadvisor.rulekit.case import Case, SkipRule


def memory_bytes_of(case: Case) -> int:
    """The memory that the server may use.

    Raises:
        SkipRule: The configuration does not say.
    """
    if case.machine.memory_bytes is None:
        raise SkipRule(_unsaid("how much memory the machine has", "memory_bytes"))
    return case.machine.memory_bytes


def storage_of(case: Case) -> StorageKind:
    """What the data lie on.

    Raises:
        SkipRule: The configuration does not say.
    """
    if case.machine.storage is None:
        raise SkipRule(_unsaid("what the data lie on", "storage"))
    return case.machine.storage


def data_bytes_of(case: Case) -> int:
    """The length of all of the user's tables and indexes in this database."""
    tables = sum(case.size_of(table) for table in case.user_tables)
    return tables + sum(case.size_of_index(index) for _, index in case.user_indexes)


def _unsaid(what: str, name: str) -> str:
    return f"{what} is not said: set {name} in [machine] of pgadvisor.toml"
