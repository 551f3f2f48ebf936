"""What tables need besides themselves: views, sequences, types, functions."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Ordered

from pgadvisor.collect.scope import CollectOptions, counted, listed, locked
from pgadvisor.collect.session import Session
from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.schema import (
    Function,
    Sequence,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.sqltext.quote import qualified, quote_identifier


def read_views(
    session: Session, options: CollectOptions
) -> tuple[tuple[View, ...], tuple[str, ...]]:
    """Read plain views, and the names of those that another session's lock hides.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("views", *options.values)
    locked_names = tuple(f"{row['schema']}.{row['name']}" for row in rows if row["is_locked"])
    views = tuple(View(**row) for row in rows if not row.pop("is_locked"))
    return views, locked_names


def read_sequences(
    session: Session, options: CollectOptions, role: str
) -> tuple[tuple[Sequence, ...], tuple[Unavailable, ...]]:
    """Read sequences, and say of which the last value is hidden from us.

    Raises:
        ReadError: It failed.
    """
    sequences: list[Sequence] = []
    hidden: list[Sequence] = []
    locked_names: list[str] = []
    for row in session.read("sequences", *options.values):
        may_read, is_locked = row.pop("may_read"), row.pop("is_locked")
        sequence = Sequence(**row)
        sequences.append(sequence)
        if is_locked:
            locked_names.append(f"{sequence.schema}.{sequence.name}")
        elif not may_read:
            hidden.append(sequence)
    notes = (*_hidden_sequences(hidden, role), *locked("sequence", locked_names))
    return tuple(sequences), notes


def _hidden_sequences(hidden: Ordered[Sequence], role: str) -> tuple[Unavailable, ...]:
    if not hidden:
        return ()
    names = [f"{sequence.schema}.{sequence.name}" for sequence in hidden]
    grants = (
        f"GRANT SELECT ON SEQUENCE {qualified(one.schema, one.name)} TO {quote_identifier(role)};"
        for one in hidden
    )
    schemas = dict.fromkeys(sequence.schema for sequence in hidden)
    shorter = (
        f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {quote_identifier(schema)}"
        f" TO {quote_identifier(role)};"
        for schema in schemas
    )
    return (
        Unavailable(
            what=f"the last value of {counted(len(hidden), 'sequence')}: {listed(names)}",
            reason="the role has no privilege on them",
            consequence="no warning of a key that runs out of numbers",
            remedy="\n".join(grants if len(hidden) <= len(schemas) else shorter),
        ),
    )


def read_types(session: Session) -> tuple[UserType, ...]:
    """Read the types that the database defines itself.

    Raises:
        ReadError: It failed.
    """
    types: list[UserType] = []
    for row in session.read("types"):
        row["kind"] = TypeKind(row["kind"])
        row["attributes"] = tuple((name, type_name) for name, type_name in row["attributes"])
        types.append(UserType(**row))
    return tuple(types)


def read_functions(session: Session, called: Iterable[str]) -> tuple[Function, ...]:
    """Read functions that planning needs.

    Args:
        session: Where to read.
        called: Names that statements of the workload call.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("functions", sorted(set(called)))
    return tuple(Function(**row) for row in rows)


def read_other_objects(session: Session) -> tuple[OtherObject, ...]:
    """Read aggregates, operators, casts and text search configurations.

    Raises:
        ReadError: It failed.
    """
    found: list[OtherObject] = []
    for row in session.read("other_objects"):
        row["kind"] = OtherKind(row["kind"])
        found.append(OtherObject(**row))
    return tuple(found)
