"""Which texts are compared byte by byte, so that a plain btree finds them by their beginning."""

from __future__ import annotations

from pgadvisor.model.schema import Column
from pgadvisor.model.server import Server

_BYTEWISE = frozenset({"C", "POSIX", "ucs_basic"})


def is_bytewise(collation: str) -> bool:
    """Whether a collation, as the catalog quotes and qualifies it, is C."""
    return collation.rpartition(".")[2].strip('"') in _BYTEWISE


def compares_bytes(server: Server, column: Column) -> bool:
    """Whether a column's collation is C, so that a plain btree serves ``LIKE 'abc%'``."""
    if column.collation is not None:
        return is_bytewise(column.collation)
    return database_compares_bytes(server)


def database_compares_bytes(server: Server) -> bool:
    """Whether the database's own collation is C."""
    # The builtin provider orders by code points whatever its locale is called.
    return server.locale_provider == "builtin" or (
        server.locale_provider == "libc" and server.collation in _BYTEWISE
    )
