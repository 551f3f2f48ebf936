"""Foreign keys whose column has to be cast before it can be compared with its key."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    Constraint,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    StatementOnTable,
    Table,
    columns_in,
    foreign_keys_of,
    format_count,
    qualified,
    quote_identifier,
    rule,
)

_FAMILIES = {
    # Types between which PostgreSQL compares without a cast that an index would mind.
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "numeric",
    "real": "float",
    "double precision": "float",
    "text": "text",
    "character varying": "text",
    "character": "character",
    "citext": "citext",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the cast costs something."""

    min_referenced_deletes_count: int = 1
    """Rows deleted from the referenced table; each looks for rows that refer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mismatch:
    """One column of a foreign key that is of another family than the key's column."""

    table: Table
    column: Column
    referenced: Table
    key: Column
    deletes: int
    joined: tuple[StatementOnTable, ...]


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def foreign_key_type_mismatch(case: Case, limits: Limits) -> Outcome:
    """A foreign key column has another type than its key, and no index on it can serve.

    ## Why it matters
    Where an integer refers to a numeric, PostgreSQL compares ``order_id::numeric`` with the
    key.  An index on ``order_id`` is sorted by something else.  So each DELETE of a referenced
    row, and each join from the key to the rows that refer to it, reads the whole table, although
    an index is there.

    ## What it leaves alone
    Integers of different widths, text and varchar, real and double precision, domains over the
    key's type, and types that we do not know: an index serves them as it is.  Columns with an
    index on an expression, which may be the cast.  Small tables, and keys by which nobody joins
    and whose rows nobody deletes.

    ## Before you act
    Which of the two is of the wrong type is yours to say; often it is the key.  Every column
    that refers to a key has to follow it, and each change of type rewrites a table.

    ## Example
        CREATE TABLE orders (id numeric PRIMARY KEY);
        CREATE TABLE lines (order_id bigint REFERENCES orders);
        ALTER TABLE lines ALTER COLUMN order_id TYPE numeric;  -- rewrites the table
    """
    for table in case.user_tables:
        if not case.is_large_enough(table):
            continue
        seen: set[str] = set()
        for key in foreign_keys_of(case, table):
            for found in _mismatches(case, table, key):
                costs = found.deletes >= limits.min_referenced_deletes_count or found.joined
                if costs and found.column.name not in seen:
                    seen.add(found.column.name)
                    yield _finding(case, found)


def _mismatches(case: Case, table: Table, key: Constraint) -> Iterator[_Mismatch]:
    referenced = case.catalog.tables.get(key.referenced_table_oid or 0)
    if referenced is None:
        return
    for name, referenced_name in zip(key.columns, key.referenced_columns, strict=False):
        column, other = table.column(name), referenced.column(referenced_name)
        if column is None or other is None:
            continue
        mine, theirs = _family(column), _family(other)
        if mine is None or theirs is None or mine == theirs or _is_served(case, table, name):
            continue
        yield _Mismatch(
            table=table,
            column=column,
            referenced=referenced,
            key=other,
            deletes=sum(a.rows_deleted for a in case.activities_of(referenced)),
            joined=tuple(
                use
                for use in case.uses_of(table)
                # A join of text with character casts the latter: then the key is cast.
                if theirs != "character" and _joins(use, name, referenced, referenced_name)
            ),
        )


def _type(column: Column) -> str:
    return column.base_type_name or column.type_name


def _family(column: Column) -> str | None:
    # citext lives in whatever schema its extension was put into.
    return _FAMILIES.get(_type(column).rpartition(".")[2])


def _is_served(case: Case, table: Table, name: str) -> bool:
    """An index on an expression of the column is there, which may well be the cast."""
    first = (index.keys[0] for index in case.indexes_of(table) if index.keys)
    return any(key.expression is not None and name in columns_in(key.expression) for key in first)


def _joins(use: StatementOnTable, column: str, referenced: Table, key: str) -> bool:
    relations = use.usage.relations
    return any(
        join.column == column
        and join.other_column == key
        and 0 <= join.other_relation < len(relations)
        and relations[join.other_relation].table_oid == referenced.oid
        for join in use.relation.joins
    )


def _finding(case: Case, found: _Mismatch) -> Finding:
    name = f"{found.table.qualified_name}.{found.column.name}"
    key = f"{found.referenced.qualified_name}.{found.key.name}"
    return Finding(
        subject=name,
        summary=f"{name} is {_type(found.column)} and refers to {key}, which is "
        f"{_type(found.key)}: no index on it serves the key",
        detail=_detail(found),
        evidence=_evidence(case, found),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "the two types are compared by a cast of the column",
            "no index begins with an expression of the column",
            "the table is not small",
            "referenced rows are deleted, or a statement joins by the key",
        ),
        remedies=(_remedy(found),),
        impact=Impact(
            risk=f"deletes from {found.referenced.qualified_name} and joins with it read all of "
            f"{found.table.qualified_name}"
        ),
        statement_ids=tuple(dict.fromkeys(use.statement.id for use in found.joined)),
    )


def _evidence(case: Case, found: _Mismatch) -> tuple[Evidence, ...]:
    return (
        Evidence(
            name="type of the column",
            value=_type(found.column),
            source="pg_attribute.atttypid",
        ),
        Evidence(name="type of the key", value=_type(found.key), source="pg_attribute.atttypid"),
        Evidence(
            name="rows of the referencing table",
            value=round(case.rows_of(found.table)),
            unit="rows",
            source="pg_class.reltuples, scaled by the length now",
        ),
        Evidence(
            name="deletes from the referenced table",
            value=found.deletes,
            unit="rows",
            source="pg_stat_user_tables.n_tup_del",
        ),
        Evidence(
            name="statements that join by the key",
            value=len(found.joined),
            unit="statements",
            source="pg_stat_statements.query",
        ),
    )


def _detail(found: _Mismatch) -> str:
    parts = []
    if found.deletes:
        parts.append(
            f"{format_count(found.deletes)} rows were deleted from "
            f"{found.referenced.qualified_name}, each with a scan for rows that refer to it."
        )
    if found.joined:
        count = len({use.statement.id for use in found.joined})
        word = "statement joins" if count == 1 else "statements join"
        parts.append(f"{count} {word} the two by this key.")
    return " ".join(parts)


def _remedy(found: _Mismatch) -> ManualSteps:
    table, column = found.table, found.column
    name, target = f"{table.qualified_name}.{column.name}", found.key.type_name
    alter = f"ALTER TABLE {qualified(table.schema, table.name)} ALTER COLUMN "
    alter += quote_identifier(column.name)
    return ManualSteps(
        title=f"Give {name} the type of its key",
        steps=(
            (
                f"Decide which of the two has the wrong type. If it is the key, "
                f"{found.referenced.qualified_name} and all that refers to it change instead, in "
                "the same way."
            ),
            (
                f"`{alter} TYPE {target}` rewrites the table and its indexes, and blocks it "
                f"meanwhile. The way back is `{alter} TYPE {column.type_name}`."
            ),
            (
                f"Where that takes too long: add a column of type {target}, keep it equal with a "
                "trigger, fill it in batches, build its indexes concurrently, add the foreign key "
                "NOT VALID and validate it; then swap the names in one short transaction."
            ),
            "See that an index begins with the column: now it serves.",
        ),
    )
