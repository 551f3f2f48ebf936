"""Indexes with their keys."""

from __future__ import annotations

from collections import defaultdict

from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.session import Session
from pgadvisor.model.schema import Index, IndexKey


def read_indexes(
    session: Session, options: CollectOptions
) -> tuple[tuple[Index, ...], tuple[str, ...]]:
    """Read indexes, and the names of those that another session's lock hides.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("indexes", *options.values)
    nulls_not_distinct = {row["index_oid"] for row in session.read("nulls_not_distinct")}
    keys: defaultdict[int, list[IndexKey]] = defaultdict(list)
    include: defaultdict[int, list[str]] = defaultdict(list)
    for row in session.read("index_keys", *options.values):
        oid = row.pop("index_oid")
        if row.pop("is_include"):
            include[oid].append(row["column"])
        else:
            keys[oid].append(IndexKey(**row))
    indexes: list[Index] = []
    locked: list[str] = []
    for row in rows:
        oid = row["oid"]
        # Without keys it was made, or locked, between the two reads.
        if row.pop("is_locked") or not keys[oid]:
            locked.append(f"{row['schema']}.{row['name']}")
            continue
        indexes.append(
            Index(
                keys=tuple(keys[oid]),
                include=tuple(include[oid]),
                nulls_not_distinct=oid in nulls_not_distinct,
                **row,
            )
        )
    return tuple(indexes), tuple(locked)
