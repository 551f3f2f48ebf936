"""One idea for an index, before it is a definition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Keys and whatever else makes an index, and how one came to it."""

    keys: tuple[IndexKey, ...]
    reason: str
    include: tuple[str, ...] = ()
    predicate: str | None = None
    access_method: str = "btree"
    equal_count: int = 0
    """How many of the leading keys are compared for equality: any order of them will do."""
    read_count: int = 0
    """How many of the last keys are there to be read only: any place will do."""
    note: str = ""
    """What the planner will not do with it, as a sentence; empty: nothing to say."""
    stand_ins: tuple[tuple[str, IndexKey], ...] = ()
    """Access methods with a leading key that do as well where such an index exists."""

    def definition(self, table: Table) -> IndexDefinition:
        """The index of that shape on a table."""
        return IndexDefinition(
            table_oid=table.oid,
            schema=table.schema,
            table=table.name,
            keys=self.keys,
            include=self.include,
            predicate=self.predicate,
            access_method=self.access_method,
        )

    @property
    def columns(self) -> frozenset[str]:
        """Names of all columns in it; those inside expressions do not count."""
        return frozenset((*(key.column for key in self.keys if key.column), *self.include))


def column_keys(columns: Iterable[str]) -> tuple[IndexKey, ...]:
    """Plain ascending keys."""
    return tuple(_column_key(column) for column in columns)


@lru_cache(maxsize=65_536)
def _column_key(column: str) -> IndexKey:
    """Equal keys are one object: hundreds of candidates of a table share a few of them."""
    return IndexKey(column=column)


def identity(key: IndexKey) -> tuple[str | None, str | None]:
    """What a key is of, whatever its direction: no index has the same twice."""
    return key.column, key.expression


def unique_keys(keys: Iterable[IndexKey]) -> tuple[IndexKey, ...]:
    """Keys without those whose column or expression came before."""
    found: dict[tuple[str | None, str | None], IndexKey] = {}
    for key in keys:
        found.setdefault(identity(key), key)
    return tuple(found.values())


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Names once each, in order."""
    return tuple(dict.fromkeys(names))


def said(*clauses: str) -> str:
    """Clauses in one; empty ones are left out."""
    return ", ".join(clause for clause in clauses if clause)
