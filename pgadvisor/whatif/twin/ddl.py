"""The snapshot's schema as DDL, in the order in which it can be run.

The texts come out of the user's catalog, and a snapshot may come from a stranger: they are
run by a role that owns this database's objects and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    ExtendedStatistics,
    Function,
    RelationKind,
    Sequence,
    Table,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal

LANGUAGES = frozenset({"sql", "plpgsql"})
"""Functions in other languages could reach outside of the database."""
_PLAIN_KINDS = {
    RelationKind.MATERIALIZED_VIEW: "materialised view",
    RelationKind.FOREIGN_TABLE: "foreign table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object to make."""

    what: str
    """For people: ``table public.orders``."""
    sql: str
    simpler: tuple[str, ...] = ()
    """Forms to try where the first is refused, each with less of the original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Objects of one kind; what one of them needs may come later, then it is tried again."""

    name: str
    items: tuple[Item, ...]


def stages(catalog: Catalog) -> Iterator[Stage]:
    """Yield the whole schema, stage by stage."""
    snapshot = catalog.snapshot
    tables = _parents_first(catalog)
    yield Stage(name="schemas", items=tuple(_schema(name) for name in _schemas(catalog)))
    yield Stage(name="types", items=tuple(map(_type, snapshot.types)))
    yield Stage(name="sequences", items=tuple(map(_sequence, snapshot.sequences)))
    functions = tuple(f for f in snapshot.functions if f.language in LANGUAGES)
    yield Stage(name="functions", items=tuple(map(_function, functions)))
    yield Stage(name="tables", items=tuple(_table(table, catalog) for table in tables))
    yield Stage(name="views", items=tuple(map(_view, _own(snapshot.views))))
    yield Stage(name="checks", items=tuple(_checks(catalog)))
    yield Stage(name="indexes", items=tuple(_indexes(catalog)))
    yield Stage(name="attachments", items=tuple(_attachments(catalog)))
    yield Stage(name="constraints", items=tuple(_key_constraints(catalog)))
    yield Stage(name="foreign keys", items=tuple(_foreign_keys(catalog)))
    yield Stage(name="statistics", items=tuple(map(_statistics, snapshot.extended_statistics)))


def left_out(catalog: Catalog) -> Iterator[str]:
    """Yield what is not rebuilt, or not as what it was."""
    for function in catalog.snapshot.functions:
        if function.language not in LANGUAGES:
            yield f"function {function.schema}.{function.name} is in {function.language}, left out"
    for table in catalog.snapshot.tables:
        if table.kind in _PLAIN_KINDS:
            kind = _PLAIN_KINDS[table.kind]
            yield f"{kind} {table.qualified_name} is planned as a plain table"
    for statistics in catalog.snapshot.extended_statistics:
        yield f"values of statistics {statistics.schema}.{statistics.name} are not in the twin"


def _schemas(catalog: Catalog) -> list[str]:
    snapshot = catalog.snapshot
    names = {
        *(table.schema for table in snapshot.tables),
        *(view.schema for view in snapshot.views),
        *(sequence.schema for sequence in snapshot.sequences),
        *(made.schema for made in snapshot.types),
        *(function.schema for function in snapshot.functions),
        *(statistics.schema for statistics in snapshot.extended_statistics),
        *snapshot.server.search_path,
    }
    return sorted(n for n in names if n and n != "public" and not n.startswith("pg_"))


def _schema(name: str) -> Item:
    return Item(what=f"schema {name}", sql=f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(name)}")


def _type(made: UserType) -> Item:
    name = qualified(made.schema, made.name)
    match made.kind:
        case TypeKind.ENUM:
            body = f"TYPE {name} AS ENUM ({', '.join(map(quote_literal, made.labels))})"
        case TypeKind.DOMAIN:
            words = [f"DOMAIN {name} AS {made.base_type_name}", *made.checks]
            if made.is_not_null:
                words.append("NOT NULL")
            body = " ".join(words)
        case TypeKind.COMPOSITE:
            columns = ", ".join(f"{quote_identifier(n)} {t}" for n, t in made.attributes)
            body = f"TYPE {name} AS ({columns})"
        case TypeKind.RANGE:
            body = f"TYPE {name} AS RANGE (SUBTYPE = {made.base_type_name})"
    simpler: tuple[str, ...] = ()
    if made.kind is TypeKind.DOMAIN:
        simpler = (f"CREATE DOMAIN {name} AS {made.base_type_name}",)
    return Item(what=f"type {made.schema}.{made.name}", sql=f"CREATE {body}", simpler=simpler)


def _sequence(sequence: Sequence) -> Item:
    name = qualified(sequence.schema, sequence.name)
    return Item(
        what=f"sequence {sequence.schema}.{sequence.name}",
        sql=f"CREATE SEQUENCE IF NOT EXISTS {name} AS {sequence.type_name}",
    )


def _function(function: Function) -> Item:
    return Item(
        what=f"function {function.schema}.{function.name}({function.arguments})",
        sql=function.definition,
    )


def _own(views: tuple[View, ...]) -> tuple[View, ...]:
    return tuple(view for view in views if not view.is_extension_member)


def _parents_first(catalog: Catalog) -> list[Table]:
    """Tables in such an order that parents come before what inherits from them."""
    done: dict[int, Table] = {}

    def visit(table: Table) -> None:
        if table.oid in done:
            return
        for parent in table.parent_oids:
            if parent in catalog.tables and parent != table.oid:
                visit(catalog.tables[parent])
        done.setdefault(table.oid, table)

    for table in catalog.snapshot.tables:
        if not table.is_extension_member:
            visit(table)
    return list(done.values())


def _table(table: Table, catalog: Catalog) -> Item:
    name = qualified(table.schema, table.name)
    parents = [catalog.tables[oid] for oid in table.parent_oids if oid in catalog.tables]
    what = f"table {table.qualified_name}"
    partition_by = f" PARTITION BY {table.partition_key}" if table.partition_key else ""
    if table.is_partition and parents and table.partition_bound:
        parent = qualified(parents[0].schema, parents[0].name)
        head = f"CREATE TABLE {name} PARTITION OF {parent} {table.partition_bound}"
        return Item(what=what, sql=f"{head}{partition_by}")
    inherits = ", ".join(qualified(parent.schema, parent.name) for parent in parents)
    tail = f" INHERITS ({inherits})" if inherits else ""
    forms = (
        [_column(column) for column in table.columns],
        [_column(column, with_default=False) for column in table.columns],
        [_column(column, with_default=False, with_collation=False) for column in table.columns],
    )
    texts = tuple(f"CREATE TABLE {name} ({', '.join(f)}){tail}{partition_by}" for f in forms)
    return Item(what=what, sql=texts[0], simpler=texts[1:])


def _column(column: Column, *, with_default: bool = True, with_collation: bool = True) -> str:
    words = [quote_identifier(column.name), column.type_name]
    if column.collation and with_collation:
        words.append(f"COLLATE {column.collation}")
    if with_default and column.default_sql:
        if column.generated:
            kind = "STORED" if column.generated == "s" else "VIRTUAL"
            words.append(f"GENERATED ALWAYS AS ({column.default_sql}) {kind}")
        else:
            words.append(f"DEFAULT {column.default_sql}")
    if column.is_not_null:
        words.append("NOT NULL")
    return " ".join(words)


def _view(view: View) -> Item:
    name = qualified(view.schema, view.name)
    definition = view.definition.strip().rstrip(";")
    return Item(
        what=f"view {view.schema}.{view.name}", sql=f"CREATE OR REPLACE VIEW {name} AS {definition}"
    )


def _checks(catalog: Catalog) -> Iterator[Item]:
    yield from _constraints(catalog, ConstraintKind.CHECK)


def _foreign_keys(catalog: Catalog) -> Iterator[Item]:
    yield from _constraints(catalog, ConstraintKind.FOREIGN_KEY)


def _constraints(catalog: Catalog, kind: ConstraintKind) -> Iterator[Item]:
    for constraint in catalog.snapshot.constraints:
        table = catalog.tables.get(constraint.table_oid)
        if constraint.kind is not kind or constraint.is_inherited or table is None:
            continue
        yield Item(
            what=f"constraint {constraint.name} of {table.qualified_name}",
            sql=_add_constraint(table, constraint, constraint.definition),
        )


def _add_constraint(table: Table, constraint: Constraint, definition: str) -> str:
    name, target = quote_identifier(constraint.name), qualified(table.schema, table.name)
    return f"ALTER TABLE {target} ADD CONSTRAINT {name} {definition}"


def _indexes(catalog: Catalog) -> Iterator[Item]:
    """Indexes that the planner may use."""
    for index in catalog.snapshot.indexes:
        if index.is_valid and not index.is_exclusion and not index.is_extension_member:
            yield Item(what=f"index {index.schema}.{index.name}", sql=index.definition)


def _attachments(catalog: Catalog) -> Iterator[Item]:
    """What makes a partitioned index, which its definition leaves alone (ON ONLY), valid."""
    for index in catalog.snapshot.indexes:
        parent = catalog.indexes.get(index.parent_oid or 0)
        if parent is not None and index.is_valid:
            whole, part = qualified(parent.schema, parent.name), qualified(index.schema, index.name)
            yield Item(
                what=f"attachment of index {index.schema}.{index.name}",
                sql=f"ALTER INDEX {whole} ATTACH PARTITION {part}",
            )


def _key_constraints(catalog: Catalog) -> Iterator[Item]:
    """Primary keys and unique constraints, over the indexes that are there already.

    Only a primary key tells the planner more than its unique index does (that a GROUP BY may
    be shortened to it); those of partitioned tables cannot be made this way.
    """
    for constraint in catalog.snapshot.constraints:
        table = catalog.tables.get(constraint.table_oid)
        index = catalog.indexes.get(constraint.index_oid or 0)
        if constraint.kind is not ConstraintKind.PRIMARY_KEY or table is None or index is None:
            continue
        if index.is_partitioned or index.parent_oid is not None:
            continue
        definition = f"PRIMARY KEY USING INDEX {quote_identifier(index.name)}"
        yield Item(
            what=f"constraint {constraint.name} of {table.qualified_name}",
            sql=_add_constraint(table, constraint, definition),
        )


def _statistics(statistics: ExtendedStatistics) -> Item:
    return Item(what=f"statistics {statistics.schema}.{statistics.name}", sql=statistics.definition)
