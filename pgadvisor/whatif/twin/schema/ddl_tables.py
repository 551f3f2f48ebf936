"""Tables, their constraints and their indexes as DDL."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Index,
    RelationKind,
    Table,
)
from pgadvisor.sqltext.quote import qualified, quote_identifier
from pgadvisor.whatif.twin.schema.foreign import foreign_clause
from pgadvisor.whatif.twin.schema.item import Item, Simpler

_MODIFIER = re.compile(r"\([^()]*\)")
_KEYS = frozenset({ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUSION})
_PLANNER_OPTIONS = ("parallel_workers=", "fillfactor=")


def element_type(type_name: str) -> str:
    """The name of a type without its modifier and without being an array of it."""
    return _MODIFIER.sub("", type_name).replace("[]", "").strip()


def table_items(catalog: Catalog, placeholders: Collection[str] = ()) -> Iterator[Item]:
    """Yield the tables, parents before what inherits from them.

    Args:
        catalog: The snapshot.
        placeholders: Names of types that take no modifier here.
    """
    unproven = _unproven(catalog)
    for original in _parents_first(catalog):
        table = _with_provable_nulls(original, unproven)
        parents = [catalog.tables[oid] for oid in table.parent_oids if oid in catalog.tables]
        if table.is_partition and parents and table.partition_bound:
            sql = _partition_sql(table, parents[0])
            alone = _table_forms(table, [], placeholders)[0]
            outside = Simpler(sql=alone, lost="its place among the partitions")
            plain = _as_plain(_partition_sql(replace(table, foreign=None), parents[0]), table)
            yield Item(what=_name(table), sql=sql, simpler=(*plain, outside))
            continue
        full, bare, bytewise = _table_forms(table, parents, placeholders)
        local = _table_forms(replace(table, foreign=None), parents, placeholders)[0]
        simpler = (
            *_as_plain(local, table),
            Simpler(sql=bare, lost="its defaults"),
            Simpler(sql=bytewise, lost="its defaults and collations"),
        )
        yield Item(what=_name(table), sql=full, simpler=simpler)


def _as_plain(sql: str, table: Table) -> tuple[Simpler, ...]:
    """The form of a foreign table for where there is no foreign server."""
    return (Simpler(sql=sql, lost="its foreign server"),) if table.foreign else ()


def _unproven(catalog: Catalog) -> frozenset[tuple[int, str]]:
    """Columns that may hold NULL: their NOT NULL is not yet valid (PostgreSQL 18)."""
    return frozenset(
        (constraint.table_oid, column)
        for constraint in catalog.snapshot.constraints
        if constraint.kind is ConstraintKind.NOT_NULL and not constraint.is_validated
        for column in constraint.columns
    )


def _with_provable_nulls(table: Table, unproven: Collection[tuple[int, str]]) -> Table:
    columns = tuple(
        replace(column, is_not_null=column.is_not_null and (table.oid, column.name) not in unproven)
        for column in table.columns
    )
    return table if columns == table.columns else replace(table, columns=columns)


def _parents_first(catalog: Catalog) -> list[Table]:
    done: dict[int, Table] = {}

    def visit(table: Table, above: frozenset[int]) -> None:
        if table.oid in done or table.oid in above:
            return
        for parent in table.parent_oids:
            if parent in catalog.tables:
                visit(catalog.tables[parent], above | {table.oid})
        done[table.oid] = table

    # Plans list children of a parent in the order of their OIDs.
    for table in sorted(catalog.snapshot.tables, key=lambda table: table.oid):
        if not table.is_extension_member:
            visit(table, frozenset())
    return list(done.values())


def _table_forms(
    table: Table, parents: list[Table], placeholders: Collection[str]
) -> tuple[str, str, str]:
    head = f"{_create(table)} {qualified(table.schema, table.name)}"
    inherits = ", ".join(qualified(parent.schema, parent.name) for parent in parents)
    tail = f" INHERITS ({inherits})" if inherits else ""
    tail += _partition_by(table) + _options(table) + _foreign(table)
    full = [_column(column, placeholders) for column in table.columns]
    bare = [_column(column, placeholders, default=False) for column in table.columns]
    bytewise = [
        _column(column, placeholders, default=False, collation=False) for column in table.columns
    ]
    texts = [f"{head} ({', '.join(columns)}){tail}" for columns in (full, bare, bytewise)]
    return texts[0], texts[1], texts[2]


def _column(
    column: Column, placeholders: Collection[str], *, default: bool = True, collation: bool = True
) -> str:
    type_name = column.type_name
    if element_type(type_name) in placeholders:
        type_name = _MODIFIER.sub("", type_name)
    words = [quote_identifier(column.name), type_name]
    if column.collation and collation:
        words.append(f"COLLATE {column.collation}")
    if default and column.identity:
        words.append(
            f"GENERATED {'ALWAYS' if column.identity == 'a' else 'BY DEFAULT'} AS IDENTITY"
        )
    if default and column.default_sql:
        words.append(_default(column))
    if column.is_not_null:
        words.append("NOT NULL")
    return " ".join(words)


def _default(column: Column) -> str:
    if not column.generated:
        return f"DEFAULT {column.default_sql}"
    kind = "STORED" if column.generated == "s" else "VIRTUAL"
    return f"GENERATED ALWAYS AS ({column.default_sql}) {kind}"


def _partition_sql(table: Table, parent: Table) -> str:
    """A partition has its parent's columns; only what is different has to be said."""
    words = []
    for column in table.columns:
        above = parent.column(column.name)
        if above is None:
            continue
        different = []
        if column.default_sql != above.default_sql and column.default_sql and not column.generated:
            different.append(_default(column))
        if column.is_not_null and not above.is_not_null:
            different.append("NOT NULL")
        if different:
            words.append(f"{quote_identifier(column.name)} {' '.join(different)}")
    name, whole = qualified(table.schema, table.name), qualified(parent.schema, parent.name)
    columns = f" ({', '.join(words)})" if words else ""
    head = f"{_create(table)} {name} PARTITION OF {whole}{columns} {table.partition_bound}"
    return head + _partition_by(table) + _options(table) + _foreign(table)


def _create(table: Table) -> str:
    return "CREATE FOREIGN TABLE" if table.foreign else "CREATE TABLE"


def _foreign(table: Table) -> str:
    return foreign_clause(table.foreign) if table.foreign else ""


def _partition_by(table: Table) -> str:
    return f" PARTITION BY {table.partition_key}" if table.partition_key else ""


def _options(table: Table) -> str:
    """Storage parameters that the planner looks at."""
    if table.kind in {RelationKind.PARTITIONED_TABLE, RelationKind.FOREIGN_TABLE}:
        return ""
    options = [option for option in table.options if option.startswith(_PLANNER_OPTIONS)]
    return f" WITH ({', '.join(options)})" if options else ""


def check_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the check constraints, which may exclude a table from a plan."""
    for table, constraint in _own_constraints(catalog, ConstraintKind.CHECK):
        yield _constraint_item(table, constraint, constraint.definition)


def foreign_key_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the foreign keys, from which the planner knows how many rows a join keeps.

    They are not validated: that would run a join, and read indexes before they are as high
    as they should be.  To the planner it makes no difference.
    """
    for table, constraint in _own_constraints(catalog, ConstraintKind.FOREIGN_KEY):
        text = constraint.definition
        ending = "" if text.endswith(("NOT VALID", "NOT ENFORCED")) else " NOT VALID"
        yield _constraint_item(table, constraint, f"{text}{ending}")


def _own_constraints(catalog: Catalog, kind: ConstraintKind) -> Iterator[tuple[Table, Constraint]]:
    for constraint in catalog.snapshot.constraints:
        table = catalog.tables.get(constraint.table_oid)
        if constraint.kind is kind and not constraint.is_inherited and table is not None:
            yield table, constraint


def _constraint_item(table: Table, constraint: Constraint, definition: str) -> Item:
    target, name = qualified(table.schema, table.name), quote_identifier(constraint.name)
    return Item(
        what=f"constraint {constraint.name} of {table.qualified_name}",
        sql=f"ALTER TABLE {target} ADD CONSTRAINT {name} {definition}",
    )


def index_items(catalog: Catalog) -> Iterator[Item]:
    """Yield the indexes that the planner may use, those of constraints as constraints.

    Of a partitioned table each is made for itself, so that it gets its own name.
    """
    constraints = {c.index_oid: c for c in catalog.snapshot.constraints if c.kind in _KEYS}
    for index in _usable(catalog):
        table, constraint = catalog.tables.get(index.table_oid), constraints.get(index.oid)
        what = f"index {index.schema}.{index.name}"
        if table is None or constraint is None:
            yield Item(what=what, sql=index.definition)
            continue
        target, name = qualified(table.schema, table.name), quote_identifier(constraint.name)
        alone = Simpler(sql=index.definition, lost="its constraint")
        yield Item(
            what=what,
            sql=f"ALTER TABLE ONLY {target} ADD CONSTRAINT {name} {constraint.definition}",
            simpler=() if index.is_exclusion else (alone,),
        )


def attachment_items(catalog: Catalog) -> Iterator[Item]:
    """Yield what makes the parts of a partitioned index its parts."""
    for index in _usable(catalog):
        parent = catalog.indexes.get(index.parent_oid or 0)
        if parent is not None:
            whole, part = qualified(parent.schema, parent.name), qualified(index.schema, index.name)
            yield Item(
                what=f"attachment of index {index.schema}.{index.name}",
                sql=f"ALTER INDEX {whole} ATTACH PARTITION {part}",
            )


def _usable(catalog: Catalog) -> Iterator[Index]:
    """Yield indexes as they were made: of two that are as good, the planner goes by their OIDs."""
    for index in sorted(catalog.snapshot.indexes, key=lambda one: one.oid):
        if index.is_valid and not index.is_extension_member:
            yield index


def _name(table: Table) -> str:
    return f"table {table.qualified_name}"
