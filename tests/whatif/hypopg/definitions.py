"""Definitions of indexes for the tests of this directory."""

from __future__ import annotations

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot


def index_on(
    snapshot: Snapshot,
    table: str,
    *keys: str | IndexKey,
    access_method: str = "btree",
    predicate: str | None = None,
    include: tuple[str, ...] = (),
) -> IndexDefinition:
    """An index on a table of a snapshot."""
    found = next(t for t in snapshot.tables if t.name == table)
    return IndexDefinition(
        table_oid=found.oid,
        schema=found.schema,
        table=found.name,
        keys=tuple(IndexKey(column=key) if isinstance(key, str) else key for key in keys),
        access_method=access_method,
        predicate=predicate,
        include=include,
    )
