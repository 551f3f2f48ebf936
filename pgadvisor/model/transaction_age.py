"""How far relations and databases are from the end of their transaction numbers."""

from __future__ import annotations

from dataclasses import dataclass

WRAPAROUND_AGE = 2_147_483_647
"""Numbers are compared in a circle, of which half is the past: nothing may be older.  The server
refuses to assign new ones some three million earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAge:
    """A database of the server, by the oldest number in it that is not frozen."""

    name: str
    transaction_age: int
    """``age(datfrozenxid)``: transactions of the whole server since then."""
    multixact_age: int
    """``mxid_age(datminmxid)``."""
    allows_connections: bool = True
    is_current: bool = False
    """The one that the snapshot is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAge:
    """A table, a materialised view, or a table of the system's own."""

    table_oid: int
    schema: str
    name: str
    transaction_age: int
    """``age(relfrozenxid)``."""
    multixact_age: int
    """``mxid_age(relminmxid)``."""
    toast_transaction_age: int | None = None
    """Of its TOAST table, which is vacuumed on its own; None: it has none."""
    toast_multixact_age: int | None = None

    @property
    def oldest_transaction_age(self) -> int:
        """Of the table and its TOAST table, the older one."""
        return max(self.transaction_age, self.toast_transaction_age or 0)

    @property
    def oldest_multixact_age(self) -> int:
        """Of the table and its TOAST table, the older one."""
        return max(self.multixact_age, self.toast_multixact_age or 0)
