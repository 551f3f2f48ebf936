"""Indexes that PostgreSQL does not drop by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ConstraintKind, Index
from pgadvisor.whatif.backend import NotPlanned


def why_not_droppable(catalog: Catalog, index: Index) -> str | None:
    """Why DROP INDEX would be refused, and what to drop instead; None: it would not be.

    Args:
        catalog: The snapshot that the index is in.
        index: The index.
    """
    name = f"{index.schema}.{index.name}"
    if index.constraint_name is not None:
        return (
            f"{name} enforces the constraint {index.constraint_name}; "
            "drop the constraint, and the index goes with it"
        )
    for key in catalog.foreign_keys_to[index.table_oid]:
        if key.kind is ConstraintKind.FOREIGN_KEY and key.index_oid == index.oid:
            table = catalog.tables.get(key.table_oid)
            of_table = f" of {table.qualified_name}" if table else ""
            return f"the foreign key {key.name}{of_table} relies on {name}; drop that first"
    parent = catalog.indexes.get(index.parent_oid or 0)
    if parent is not None:
        return f"{name} is a part of {parent.schema}.{parent.name}; drop that, and all parts go"
    return None


def refusal_of_drops(catalog: Catalog, index_oids: Iterable[int]) -> NotPlanned | None:
    """Refuse to plan without indexes of which one cannot be dropped; None: all can be.

    Args:
        catalog: The snapshot.
        index_oids: Of indexes in it.
    """
    for oid in sorted(index_oids):
        index = catalog.indexes.get(oid)
        if index is not None and (reason := why_not_droppable(catalog, index)) is not None:
            return NotPlanned(reason=reason)
    return None
