"""Which hypothetical indexes HypoPG can make, and which it is asked for."""

from __future__ import annotations

from pgadvisor.collect import reasons
from pgadvisor.collect.function_policy import FunctionPolicy
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.parse.index_statement import indexed_table
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.sqltext.index import create_index_sql

ACCESS_METHODS = ("btree", "hash", "brin", "bloom")
"""What releases of HypoPG simulate.  One that knew GIN would read rows of the table for it."""


def objection(definition: IndexDefinition, catalog: Catalog, policy: FunctionPolicy) -> str | None:
    """Why HypoPG is not asked for an index; None if it is.

    Args:
        definition: The index.
        catalog: The snapshot that it was proposed for.
        policy: What planning may run on the server; an index's expressions are evaluated too.
    """
    if definition.access_method not in ACCESS_METHODS:
        return f"HypoPG simulates no {definition.access_method} index, only " + ", ".join(
            ACCESS_METHODS
        )
    table = catalog.tables_by_name.get((definition.schema, definition.table))
    if table is None:
        return f"there is no table {definition.schema}.{definition.table} in the snapshot"
    for name in (*filter(None, definition.key_columns), *definition.include):
        if table.column(name) is None:
            return f"there is no column {name} in {table.qualified_name}"
    if guess := _expression_without_statistics(definition, table, catalog):
        return f"HypoPG has no statistics of {guess}, so that its use would be a guess"
    return _unsafe(definition, policy)


def _expression_without_statistics(
    definition: IndexDefinition, table: Table, catalog: Catalog
) -> str | None:
    """An expression of which the server has no statistics.

    It has them where an index or a statistics object has the expression already.
    """
    known = {
        key.expression for index in catalog.indexes_by_table[table.oid] for key in index.keys
    } | {
        expression
        for extended in catalog.snapshot.extended_statistics
        if extended.table_oid == table.oid
        for expression in extended.expressions
    }
    wanted = (key.expression for key in definition.keys if key.expression is not None)
    return next((expression for expression in wanted if expression not in known), None)


def _unsafe(definition: IndexDefinition, policy: FunctionPolicy) -> str | None:
    """Why the statement must not reach the server; None if it may."""
    text = create_index_sql(definition, "pgadvisor_hypothetical")
    try:
        indexed_table(text)  # exactly one CREATE INDEX
        parsed = parse_statement(text)
    except StatementError as error:
        return f"its definition {error.reason}"
    unsafe = policy.objection(parsed)
    return f"not made on the server: {unsafe}" if unsafe else None


def refusal(sqlstate: str, definition: IndexDefinition) -> str:
    """Why HypoPG has refused an index, in our own words."""
    if sqlstate == "42P17":
        return "an expression or the predicate calls a function that is not immutable"
    if sqlstate == "0A000":
        return (
            f"{definition.access_method} indexes cannot be unique, have several keys, or included "
            "columns like this one"
        )
    if sqlstate == "54000":
        return "its entries would be too wide"
    if sqlstate == "XX000":
        return "HypoPG cannot make an index like this one"
    return reasons.reason(sqlstate)
