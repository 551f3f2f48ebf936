"""Tables with their columns, and constraints."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.session import Session
from pgadvisor.model.schema import Column, Constraint, ConstraintKind, RelationKind, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Tables that could be read, and those that another session locks."""

    tables: tuple[Table, ...] = ()
    locked: tuple[tuple[int, str], ...] = ()
    """OID and name; nothing of such a table is kept."""


def read_tables(session: Session, options: CollectOptions) -> Tables:
    """Read tables, partitions, materialised views and foreign tables, with their columns.

    Raises:
        ReadError: It failed.
    """
    rows = session.read("tables", *options.values)
    columns = _read_columns(session, options)
    tables: list[Table] = []
    locked: list[tuple[int, str]] = []
    for row in rows:
        if row.pop("is_locked"):
            locked.append((row["oid"], f"{row['schema']}.{row['name']}"))
            continue
        row["kind"] = RelationKind(row["kind"])
        tables.append(Table(columns=columns.get(row["oid"], ()), **row))
    return Tables(tables=tuple(tables), locked=tuple(locked))


def _read_columns(session: Session, options: CollectOptions) -> dict[int, tuple[Column, ...]]:
    found: defaultdict[int, list[Column]] = defaultdict(list)
    for row in session.read("columns", *options.values):
        found[row.pop("table_oid")].append(Column(**row))
    return {oid: tuple(columns) for oid, columns in found.items()}


def read_constraints(
    session: Session, options: CollectOptions
) -> tuple[tuple[Constraint, ...], tuple[str, ...]]:
    """Read constraints, and the names of those that another session's lock hides.

    Raises:
        ReadError: It failed.
    """
    constraints: list[Constraint] = []
    locked: list[str] = []
    for row in session.read("constraints", *options.values):
        if row.pop("is_locked"):
            locked.append(row["name"])
            continue
        row["kind"] = ConstraintKind(row["kind"])
        constraints.append(Constraint(**row))
    return tuple(constraints), tuple(locked)
