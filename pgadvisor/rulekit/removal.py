"""What an index does besides being scanned, and what its removal would take away."""

from __future__ import annotations

from collections.abc import Collection

from pgadvisor.model.action import DropIndex
from pgadvisor.model.schema import Index, Table
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.foreign_keys import foreign_keys_of, serves_key


def has_other_duty(index: Index) -> bool:
    """It enforces something, is a replica identity or the order of CLUSTER, or is not valid.

    How often it is scanned says nothing of its worth then.
    """
    return (
        index.enforces_constraint
        or index.is_replica_identity
        or index.is_clustered
        or not index.is_valid
    )


def leaves_key_unserved(case: Case, table: Table, index: Index, gone: Collection[int] = ()) -> bool:
    """Some foreign key of the table would be left without an index.

    Args:
        case: Where to look.
        table: The index's.
        index: What might go.
        gone: OIDs of indexes that go in any case.
    """
    others = [i for i in case.indexes_of(table) if i.oid != index.oid and i.oid not in gone]
    return any(
        serves_key(index, key.columns) and not any(serves_key(i, key.columns) for i in others)
        for key in foreign_keys_of(case, table)
    )


def removal_of(case: Case, index: Index) -> DropIndex:
    """The action that drops an index, and creates it again on the way back."""
    return DropIndex(
        schema=index.schema,
        name=index.name,
        recreate_sql=index.definition,
        table=case.catalog.tables[index.table_oid].qualified_name,
        is_partitioned=index.is_partitioned,
        size_bytes=case.size_of_index(index),
    )
