"""Tables without a primary key."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    AddPrimaryKeyUsingIndex,
    Case,
    Confidence,
    ConstraintKind,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    Table,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1
    """An empty table is not in use yet."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def no_primary_key(case: Case, limits: Limits) -> Outcome:
    """A table has no primary key.

    ## Why it matters
    Nothing keeps a row from being stored twice, and nothing names one row.  Logical
    replication refuses its updates and deletes, tools that work row by row (repacking,
    change capture, ORMs) refuse the table.

    ## What it leaves alone
    Empty and unlogged tables, partitions (their parent is looked at), tables whose replica
    identity somebody has set, and materialised views.  A table that is only ever inserted
    into is reported as information.

    ## Before you act
    A unique index over NOT NULL columns becomes the primary key in a moment.  A new identity
    column rewrites the table under ACCESS EXCLUSIVE: plan for that.

    ## Example
        ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_id_key;
    """
    for table in case.user_tables:
        if table.kind not in {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE}:
            continue
        if table.persistence != "p" or table.replica_identity in {"f", "i"}:
            continue
        if _has_primary_key(case, table) or _live_rows(case, table) < limits.min_table_rows:
            continue
        yield _finding(case, table)


def _has_primary_key(case: Case, table: Table) -> bool:
    constraints = case.catalog.constraints_by_table[table.oid]
    return any(c.kind is ConstraintKind.PRIMARY_KEY for c in constraints) or any(
        index.is_primary for index in case.indexes_of(table)
    )


def _live_rows(case: Case, table: Table) -> float:
    counted = sum(activity.live_rows for activity in case.activities_of(table))
    return max(counted, case.rows_of(table))


def _finding(case: Case, table: Table) -> Finding:
    counters = case.activities_of(table)
    changed = sum(activity.rows_updated + activity.rows_deleted for activity in counters)
    index = _natural_key(case, table)
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} has no primary key",
        detail=f"{index.name} is unique over columns that are never NULL and can become it."
        if index
        else "",
        evidence=(
            Evidence(name="primary key", value=False, source="pg_constraint.contype"),
            Evidence(
                name="rows",
                value=round(_live_rows(case, table)),
                unit="rows",
                source="pg_stat_user_tables.n_live_tup",
            ),
            Evidence(
                name="rows updated and deleted",
                value=changed,
                unit="rows",
                source="pg_stat_user_tables.n_tup_upd, n_tup_del",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is not empty, no partition and not unlogged", "no replica identity is set"),
        remedies=(_remedy(table, index),),
        impact=Impact(
            risk="rows can be stored twice, and logical replication cannot update or delete them"
        ),
        severity=None if changed else Severity.INFO,
    )


def _natural_key(case: Case, table: Table) -> Index | None:
    """A unique index that can become the primary key as it stands."""
    if table.kind is RelationKind.PARTITIONED_TABLE:
        return None  # ADD PRIMARY KEY USING INDEX is not supported there
    for index in case.indexes_of(table):
        columns = [table.column(name) for name in index.key_columns if name is not None]
        if (
            index.is_unique
            and index.is_valid
            and index.access_method == "btree"
            and index.predicate is None
            and index.constraint_name is None
            and len(columns) == len(index.keys)
            and all(column is not None and column.is_not_null for column in columns)
            and not any(_has_own_order(index, position) for position in range(len(index.keys)))
        ):
            return index
    return None


def _has_own_order(index: Index, position: int) -> bool:
    key = index.keys[position]
    return key.is_descending or key.nulls_first or not key.is_default_operator_class


def _remedy(table: Table, index: Index | None) -> AddPrimaryKeyUsingIndex | ManualSteps:
    if index is not None:
        return AddPrimaryKeyUsingIndex(
            schema=table.schema,
            table=table.name,
            index_name=index.name,
            constraint_name=index.name,
            recreate_sql=index.definition,
        )
    return ManualSteps(
        title=f"Give {table.qualified_name} a primary key",
        steps=(
            (
                "Look for columns that are unique and never NULL by nature; if there are some, "
                "build a unique index on them with CREATE UNIQUE INDEX CONCURRENTLY and make it "
                "the primary key with ADD CONSTRAINT ... PRIMARY KEY USING INDEX."
            ),
            (
                "Else add an identity column. That rewrites the table and blocks it meanwhile: on "
                "a large table add a nullable column, fill it in batches, and build its index "
                "concurrently before it becomes the key."
            ),
        ),
    )
