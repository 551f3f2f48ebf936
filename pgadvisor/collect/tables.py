"""Tables with their columns, and constraints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.session import Record, Session
from pgadvisor.model.foreign import Foreign
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    RelationKind,
    Table,
    Trigger,
)


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
    triggers = _read_triggers(session)
    tables: list[Table] = []
    locked: list[tuple[int, str]] = []
    for row in rows:
        if row.pop("is_locked"):
            locked.append((row["oid"], f"{row['schema']}.{row['name']}"))
            continue
        row["kind"] = RelationKind(row["kind"])
        row["foreign"] = _foreign(row)
        oid = row["oid"]
        tables.append(Table(columns=columns.get(oid, ()), triggers=triggers.get(oid, ()), **row))
    return Tables(tables=tuple(tables), locked=tuple(locked))


def _foreign(row: Record) -> Foreign | None:
    """Take the columns of a foreign table out of its row."""
    wrapper, handler = row.pop("foreign_wrapper"), row.pop("foreign_handler")
    server = row.pop("foreign_server")
    server_options = option_pairs(row.pop("foreign_server_options"))
    options = option_pairs(row.pop("foreign_options"))
    if wrapper is None or server is None:
        return None
    return Foreign(
        wrapper=wrapper,
        handler=handler or "",
        server=server,
        server_options=server_options,
        options=options,
    )


def option_pairs(options: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Split options as the catalog has them: ``fetch_size=500``."""
    pairs = (option.partition("=") for option in options)
    return tuple((name, value) for name, _, value in pairs)


def _read_columns(session: Session, options: CollectOptions) -> dict[int, tuple[Column, ...]]:
    methods = {
        (row["table_oid"], row["number"]): row["compression"]
        for row in session.read("column_compression")
    }
    found: defaultdict[int, list[Column]] = defaultdict(list)
    for row in session.read("columns", *options.values):
        oid = row.pop("table_oid")
        found[oid].append(Column(compression=methods.get((oid, row["number"]), ""), **row))
    return {oid: tuple(columns) for oid, columns in found.items()}


def _read_triggers(session: Session) -> dict[int, tuple[Trigger, ...]]:
    found: defaultdict[int, list[Trigger]] = defaultdict(list)
    for row in session.read("triggers"):
        found[row.pop("table_oid")].append(Trigger(**row))
    return {oid: tuple(triggers) for oid, triggers in found.items()}


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
