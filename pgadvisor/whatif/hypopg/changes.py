"""What has become of a database since its snapshot was taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from pgadvisor.collect.scope import counted, listed
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.snapshot import Snapshot

_T = TypeVar("_T", Table, Index)


def describe_changes(
    snapshot: Snapshot,
    tables: Sequence[Table],
    indexes: Sequence[Index],
    *,
    locked: Collection[str] = (),
) -> tuple[str, ...]:
    """Say as clauses in what a database is not what its snapshot says.

    Tables and indexes are told apart by their names: in a copy of the database, such as a
    staging server's, they have other OIDs.

    Args:
        snapshot: The database as it was.
        tables: As they are.
        indexes: As they are.
        locked: Qualified names of those that could not be read.
    """
    redacted = frozenset(snapshot.redaction.changed_index_oids)
    table = _Pairs("table", snapshot.tables, tables, locked)
    index = _Pairs("index", snapshot.indexes, indexes, locked)
    clauses = (
        table.clause(table.gone(), "gone since the snapshot"),
        table.clause(table.new(), "new since the snapshot"),
        index.clause(index.gone(), "gone since the snapshot"),
        index.clause(index.new(), "new since the snapshot"),
        table.clause(table.different(_columns), "with other columns than in the snapshot"),
        index.clause(
            index.different(_definition, passed_over=redacted),
            "defined otherwise than in the snapshot",
        ),
        table.clause(table.different(_extent), "resized or analysed since the snapshot"),
    )
    found = tuple(clause for clause in clauses if clause)
    return (_COPY, *found) if table.are_copies() else found


_COPY = "planned on a copy: its tables have other OIDs than those of the snapshot"


class _Pairs(Generic[_T]):
    """Things of one kind, as they were and as they are."""

    def __init__(
        self, noun: str, former: Iterable[_T], present: Iterable[_T], locked: Collection[str]
    ) -> None:
        self._noun = noun
        self._former: dict[str, _T] = {_name(thing): thing for thing in former}
        self._present: dict[str, _T] = {_name(thing): thing for thing in present}
        self._locked = locked

    def gone(self) -> Iterator[str]:
        """Names of what is no longer there."""
        return (n for n in self._former if n not in self._present and n not in self._locked)

    def new(self) -> Iterator[str]:
        """Names of what was not there."""
        return (name for name in self._present if name not in self._former)

    def different(
        self, aspect: Callable[[_T], object], passed_over: Collection[int] = ()
    ) -> Iterator[str]:
        """Names of what has changed in an aspect."""
        for name, former in self._former.items():
            present = self._present.get(name)
            if present is None or former.oid in passed_over:
                continue
            if aspect(former) != aspect(present):
                yield name

    def are_copies(self) -> bool:
        """What has the same name is not the same thing."""
        names = self._former.keys() & self._present.keys()
        same = (self._former[name].oid == self._present[name].oid for name in names)
        return bool(names) and not any(same)

    def clause(self, names: Iterable[str], what: str) -> str:
        """``2 tables gone since the snapshot: a, b``; empty where there are none."""
        found = sorted(names)
        return f"{counted(len(found), self._noun)} {what}: {listed(found)}" if found else ""


def _name(thing: Table | Index) -> str:
    return f"{thing.schema}.{thing.name}"


def _columns(table: Table) -> object:
    return [(column.name, column.type_name) for column in table.columns]


def _extent(table: Table) -> object:
    return table.rows, table.pages, table.size_bytes


def _definition(index: Index) -> object:
    return index.definition, index.is_valid
