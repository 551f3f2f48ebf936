"""The snapshot's schema as DDL, in an order in which most of it can be run.

The texts come out of the user's catalog, and a snapshot may come from a stranger: they are
run by a role that owns this database's objects and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import (
    ExtendedStatistics,
    Function,
    RelationKind,
    Sequence,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal

LANGUAGES = frozenset({"sql", "plpgsql"})
"""Functions in other languages could reach outside of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simpler:
    """A form with less of the original, for where the whole is refused."""

    sql: str
    lost: str
    """What it lacks: ``its defaults``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object to make."""

    what: str
    """For people: ``table public.orders``."""
    sql: str
    simpler: tuple[Simpler, ...] = ()
    lost: str = ""
    """What this form lacks already."""


def schema_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the schemas."""
    snapshot = catalog.snapshot
    named = (
        *(table.schema for table in snapshot.tables),
        *(view.schema for view in snapshot.views),
        *(sequence.schema for sequence in snapshot.sequences),
        *(made.schema for made in snapshot.types),
        *(function.schema for function in snapshot.functions),
        *(statistics.schema for statistics in snapshot.extended_statistics),
        *snapshot.server.search_path,
    )
    for name in dict.fromkeys(named):
        if name and name != "public" and not name.startswith("pg_"):
            sql = f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(name)}"
            yield Item(what=f"schema {name}", sql=sql)


def type_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the types that the database defines itself."""
    for made in catalog.snapshot.types:
        what, head = f"type {made.schema}.{made.name}", _type_sql(made)
        simpler: tuple[Simpler, ...] = ()
        if made.kind is TypeKind.DOMAIN:
            name = qualified(made.schema, made.name)
            sql = f"CREATE DOMAIN {name} AS {made.base_type_name}"
            simpler = (Simpler(sql=sql, lost="its checks"),)
        yield Item(what=what, sql=head, simpler=simpler)


def _type_sql(made: UserType) -> str:
    name = qualified(made.schema, made.name)
    match made.kind:
        case TypeKind.ENUM:
            return f"CREATE TYPE {name} AS ENUM ({', '.join(map(quote_literal, made.labels))})"
        case TypeKind.COMPOSITE:
            columns = ", ".join(f"{quote_identifier(n)} {t}" for n, t in made.attributes)
            return f"CREATE TYPE {name} AS ({columns})"
        case TypeKind.RANGE:
            return f"CREATE TYPE {name} AS RANGE (SUBTYPE = {made.base_type_name})"
        case TypeKind.DOMAIN:
            words = [f"CREATE DOMAIN {name} AS {made.base_type_name}"]
            if made.default_sql:
                words.append(f"DEFAULT {made.default_sql}")
            words += made.checks
            if made.is_not_null:
                words.append("NOT NULL")
            return " ".join(words)


def sequence_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the sequences, except for those that identity columns bring along."""
    for sequence in catalog.snapshot.sequences:
        if not _belongs_to_identity(sequence, catalog):
            name = qualified(sequence.schema, sequence.name)
            yield Item(
                what=f"sequence {sequence.schema}.{sequence.name}",
                sql=f"CREATE SEQUENCE {name} AS {sequence.type_name}",
            )


def _belongs_to_identity(sequence: Sequence, catalog: Catalog) -> bool:
    table = catalog.tables.get(sequence.table_oid or 0)
    column = table.column(sequence.column or "") if table else None
    return column is not None and bool(column.identity)


def function_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the functions whose language keeps them inside the database."""
    for function in catalog.snapshot.functions:
        if function.language in LANGUAGES:
            yield Item(what=_function_name(function), sql=function.definition)


def view_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the views."""
    for view in catalog.snapshot.views:
        if not view.is_extension_member:
            yield Item(what=f"view {view.schema}.{view.name}", sql=_view_sql(view))


def _view_sql(view: View) -> str:
    columns = ", ".join(map(quote_identifier, view.columns))
    definition = view.definition.strip().rstrip(";")
    listed = f" ({columns})" if columns else ""
    return f"CREATE VIEW {qualified(view.schema, view.name)}{listed} AS {definition}"


def statistics_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the extended statistics objects, which have no values at first."""
    for statistics in catalog.snapshot.extended_statistics:
        yield Item(what=_statistics_name(statistics), sql=statistics.definition)


def left_out(catalog: Catalog) -> Iterator[str]:
    """Yield what is not rebuilt, or not as what it was."""
    snapshot = catalog.snapshot
    for function in snapshot.functions:
        if function.language not in LANGUAGES:
            name = _function_name(function)
            yield f"{name} is left out: its language is {function.language}"
    for table in snapshot.tables:
        if table.kind is RelationKind.FOREIGN_TABLE:
            yield f"foreign table {table.qualified_name} is planned as a plain table"
        if table.has_row_security:
            yield f"row security of {table.qualified_name} is left out"


def _function_name(function: Function) -> str:
    return f"function {function.schema}.{function.name}({function.arguments})"


def _statistics_name(statistics: ExtendedStatistics) -> str:
    return f"statistics {statistics.schema}.{statistics.name}"
