"""Ages of databases and of tables."""

from __future__ import annotations

from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.session import Session
from pgadvisor.model.transaction_age import DatabaseAge, TableAge


def read_databases(session: Session) -> tuple[DatabaseAge, ...]:
    """Read the age of this database and of the oldest others.

    Raises:
        ReadError: It failed.
    """
    return tuple(DatabaseAge(**row) for row in session.read("databases"))


def read_table_ages(session: Session, options: CollectOptions) -> tuple[TableAge, ...]:
    """Read the oldest tables, those of the system included.

    Raises:
        ReadError: It failed.
    """
    return tuple(TableAge(**row) for row in session.read("table_ages", *options.values))
