"""The snapshot's schema as DDL, in an order in which most of it can be run.

The texts come out of the user's catalog, and a snapshot may come from a stranger: they are
run by a role that owns this database's objects and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.other_object import OtherKind
from pgadvisor.model.schema import (
    ExtendedStatistics,
    Sequence,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal
from pgadvisor.whatif.twin.schema.item import Item, Simpler

_QUALIFIED = re.compile(r'("(?:[^"]|"")+"|[^".\s]+)\.')
_CHECKED = "CHECK (true)"
"""In the place of a domain's checks.

The planner asks whether there is one, and never what it says.  But whoever reads a value runs it:
pseudonyms would not pass, and a stranger's code would run whenever a constant is read.
"""
_ESTIMATORS = re.compile(r", (?:RESTRICT|JOIN) = [^,)]+")


def schema_names(catalog: Catalog, types_used: Iterable[str]) -> Iterator[str]:
    """Yield the names of the schemas, those of missing types included."""
    snapshot = catalog.snapshot
    named = (
        *(table.schema for table in snapshot.tables),
        *(view.schema for view in snapshot.views),
        *(sequence.schema for sequence in snapshot.sequences),
        *(made.schema for made in snapshot.types),
        *(function.schema for function in snapshot.functions),
        *(statistics.schema for statistics in snapshot.extended_statistics),
        *(extension.schema for extension in snapshot.server.extensions),
        *(_unquoted(match[1]) for name in types_used if (match := _QUALIFIED.match(name))),
        *snapshot.server.search_path,
    )
    yield from (name for name in dict.fromkeys(named) if name)


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def type_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the types that the database defines itself."""
    for made in catalog.snapshot.types:
        what, head = f"type {made.schema}.{made.name}", _type_sql(made)
        simpler: tuple[Simpler, ...] = ()
        if made.kind is TypeKind.DOMAIN:
            bare = replace(made, default_sql=None, is_not_null=False, collation=None)
            simpler = (Simpler(sql=_type_sql(bare), lost="its default and collation"),)
        elif made.kind is TypeKind.RANGE and head != (sql := _plain_range(made)):
            simpler = (Simpler(sql=sql, lost="its own order and distances"),)
        yield Item(what=what, sql=head, simpler=simpler)


def _type_sql(made: UserType) -> str:
    name = qualified(made.schema, made.name)
    collation = f" COLLATE {made.collation}" if made.collation else ""
    match made.kind:
        case TypeKind.ENUM:
            return f"CREATE TYPE {name} AS ENUM ({', '.join(map(quote_literal, made.labels))})"
        case TypeKind.COMPOSITE:
            columns = ", ".join(f"{quote_identifier(n)} {t}" for n, t in made.attributes)
            return f"CREATE TYPE {name} AS ({columns})"
        case TypeKind.RANGE:
            return f"CREATE TYPE {name} AS RANGE ({', '.join(_range_options(made))})"
        case TypeKind.DOMAIN:
            words = [f"CREATE DOMAIN {name} AS {made.base_type_name}{collation}"]
            if made.default_sql:
                words.append(f"DEFAULT {made.default_sql}")
            if made.checks:
                words.append(_CHECKED)
            if made.is_not_null:
                words.append("NOT NULL")
            return " ".join(words)


def _plain_range(made: UserType) -> str:
    name = qualified(made.schema, made.name)
    return f"CREATE TYPE {name} AS RANGE (SUBTYPE = {made.base_type_name})"


def _range_options(made: UserType) -> Iterator[str]:
    yield f"SUBTYPE = {made.base_type_name}"
    if made.operator_class:
        yield f"SUBTYPE_OPCLASS = {made.operator_class}"
    if made.collation:
        yield f"COLLATION = {made.collation}"
    if made.difference_function:
        yield f"SUBTYPE_DIFF = {made.difference_function}"
    if made.multirange_name:
        yield f"MULTIRANGE_TYPE_NAME = {made.multirange_name}"


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


def other_items(catalog: Catalog) -> Iterator[Item]:
    """Yield aggregates, operators, casts and text search configurations."""
    for other in catalog.snapshot.other_objects:
        if other.kind is OtherKind.COLLATION:  # they are there before the tables
            continue
        simpler: tuple[Simpler, ...] = ()
        if (bare := _ESTIMATORS.sub("", other.definition)) != other.definition:
            simpler = (Simpler(sql=bare, lost="its estimators"),)
        yield Item(what=f"{other.kind} {other.name}", sql=other.definition, simpler=simpler)


def view_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the views."""
    for view in catalog.snapshot.views:
        if not view.is_extension_member:
            what, sql = f"view {view.schema}.{view.name}", _view_sql(view, view.options)
            plain = Simpler(sql=_view_sql(view), lost=f"its options ({', '.join(view.options)})")
            yield Item(what=what, sql=sql, simpler=(plain,) if view.options else ())


def _view_sql(view: View, options: Iterable[str] = ()) -> str:
    columns = ", ".join(map(quote_identifier, view.columns))
    definition = view.definition.strip().rstrip(";")
    listed = f" ({columns})" if columns else ""
    if given := ", ".join(options):
        listed += f" WITH ({given})"
    return f"CREATE VIEW {qualified(view.schema, view.name)}{listed} AS {definition}"


def statistics_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the extended statistics objects, which have no values at first."""
    for statistics in catalog.snapshot.extended_statistics:
        yield Item(what=_statistics_name(statistics), sql=statistics.definition)


def left_out(catalog: Catalog) -> Iterator[str]:
    """Yield what is not rebuilt, or not as what it was."""
    snapshot = catalog.snapshot
    for other in snapshot.other_objects:
        if other.kind is OtherKind.TEXT_SEARCH_CONFIGURATION:
            yield f"{other.kind} {other.name} is stood in for by pg_catalog.simple"
    for table in snapshot.tables:
        if table.has_row_security:
            yield f"row security of {table.qualified_name} is left out"


def _statistics_name(statistics: ExtendedStatistics) -> str:
    return f"statistics {statistics.schema}.{statistics.name}"
