"""Foreign keys whose referencing columns have no index."""

from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Constraint,
    CreateIndex,
    Evidence,
    Finding,
    Impact,
    IndexDefinition,
    IndexKey,
    Outcome,
    Provenance,
    RelationKind,
    RelationUsage,
    Severity,
    StatementKind,
    StatementOnTable,
    StatementUsage,
    Table,
    describe_index,
    foreign_keys_of,
    format_count,
    index_name,
    rule,
    serving_indexes,
    table_rows,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a foreign key is worth an index."""

    min_referenced_deletes_count: int = 1
    """Rows deleted from the referenced table since the counters were reset."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def unindexed_foreign_key(case: Case, limits: Limits) -> Outcome:
    """A foreign key has no index on its own columns.

    ## Why it matters
    Whoever deletes a row of the referenced table, or changes its key, makes PostgreSQL look
    for rows that refer to it: a scan of the whole referencing table for each deleted row,
    with the locks held.  Joins from the referenced side have no way in either.

    ## What it leaves alone
    Keys that a valid index begins with, in any order of columns, be it a constraint's or one
    that leaves out only NULLs; small tables; keys that nobody joins or looks up by and whose
    referenced rows are never deleted and keep their keys.  A join that only adds columns of the
    referenced table finds them by that table's key, and looks nothing up by this one: something
    has to narrow the referenced rows down.  Where rows are looked up, and none is ever deleted,
    and that takes next to no time, it is a remark.

    ## Before you act
    Each index makes writes dearer.  If the referenced rows are never deleted, and the joins
    shown here are rare, go without.

    ## Example
        CREATE TABLE orders (customer_id bigint REFERENCES customers);
        CREATE INDEX CONCURRENTLY ON orders (customer_id);
    """
    for table in case.user_tables:
        if not case.is_large_enough(table):
            continue
        seen: set[tuple[str, ...]] = set()
        for key in foreign_keys_of(case, table):
            if not serving_indexes(case.indexes_of(table), key.columns):
                referenced = case.catalog.tables.get(key.referenced_table_oid or 0)
                if referenced is not None and key.columns not in seen:
                    seen.add(key.columns)
                    yield from _findings(case, table, key, referenced, limits)


def _findings(
    case: Case, table: Table, key: Constraint, referenced: Table, limits: Limits
) -> Outcome:
    deletes = sum(activity.rows_deleted for activity in case.activities_of(referenced))
    is_deleted = deletes >= limits.min_referenced_deletes_count
    changes = is_deleted or _changes_key(case, referenced, key)
    joined = tuple(use for use in case.uses_of(table) if _looks_up(use, key))
    if not changes and not joined:
        return
    lookups = tuple(dict.fromkeys(use.statement for use in joined))
    index = IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=tuple(IndexKey(column=column) for column in key.columns),
    )
    yield Finding(
        subject=f"{table.qualified_name}.{key.name}",
        summary=f"{table.qualified_name} ({', '.join(key.columns)}) refers to "
        f"{referenced.qualified_name} and has no index",
        detail=_detail(referenced, deletes, is_changed=changes, joins=len(joined)),
        evidence=_evidence(case, table, deletes, len(joined)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH if is_deleted else Confidence.MEDIUM,
        guards=("no valid index begins with these columns", "the table is not small"),
        remedies=(
            CreateIndex(
                index=index,
                name=index_name(index),
                partitions=case.partition_tree(table),
                is_partitioned=table.kind is RelationKind.PARTITIONED_TABLE,
            ),
        ),
        impact=Impact(
            written_entries_per_day=case.new_entries_per_day(table),
            risk=f"deletes from {referenced.qualified_name} scan {table.qualified_name} "
            f"under lock; an index on {describe_index(index)} ends that",
        ),
        # With deletes the index is needed whatever else may serve the statements.
        statement_ids=() if changes else tuple(statement.id for statement in lookups),
        severity=None
        if changes or case.share_of_all(lookups) >= MIN_SHARE_OF_TIME
        else Severity.INFO,
    )


def _looks_up(use: StatementOnTable, key: Constraint) -> bool:
    """The statement finds rows by the key: those of some referenced rows, or of a value."""
    columns = {p.column for p in use.relation.predicates if not p.is_optional}
    joined = [join for join in use.relation.joins if join.column in key.columns]
    columns |= {join.column for join in joined}
    if not set(key.columns) <= columns:
        return False
    return not joined or any(
        _is_narrowed(use.usage, join.other_relation, use.relation) for join in joined
    )


def _is_narrowed(usage: StatementUsage, start: int, referencing: RelationUsage) -> bool:
    """A condition leaves few of a relation's rows: its own, or one of what is joined to it.

    What comes in by way of the referencing table does not count: it finds referenced rows, and
    not the other way round.
    """
    left, seen = [start], {usage.relations.index(referencing)}
    while left:
        place = left.pop()
        if place < 0:
            return True  # of what was not resolved nothing is known
        if place in seen:
            continue
        seen.add(place)
        relation = usage.relations[place]
        if relation.predicates or relation.wrapped or relation.nearest:
            return True
        left += [join.other_relation for join in relation.joins]
        left += [
            other
            for other, joined in enumerate(usage.relations)
            if any(join.other_relation == place for join in joined.joins)
        ]
    return False


def _changes_key(case: Case, referenced: Table, key: Constraint) -> bool:
    """A statement deletes referenced rows, or assigns to the columns that are referred to."""
    for use in case.uses_of(referenced):
        if use.relation.is_write_target:
            if use.usage.kind is StatementKind.DELETE:
                return True
            if use.usage.kind is not StatementKind.INSERT and set(use.usage.set_columns) & set(
                key.referenced_columns
            ):
                return True
    return False


def _detail(referenced: Table, deletes: int, *, is_changed: bool, joins: int) -> str:
    parts = []
    if deletes:
        parts.append(
            f"{format_count(deletes)} rows were deleted from {referenced.qualified_name}, "
            "each with a search for rows that refer to it."
        )
    elif is_changed:
        parts.append(f"Rows of {referenced.qualified_name} are deleted, or get another key.")
    if joins:
        word = "statement looks" if joins == 1 else "statements look"
        parts.append(f"{joins} {word} rows up by this key.")
    return " ".join(parts)


def _evidence(case: Case, table: Table, deletes: int, joins: int) -> tuple[Evidence, ...]:
    return (
        table_rows(case, table, "rows of the referencing table"),
        Evidence(
            name="deletes from the referenced table",
            value=deletes,
            unit="rows",
            source="pg_stat_user_tables.n_tup_del",
        ),
        Evidence(
            name="statements that use the key",
            value=joins,
            unit="statements",
            source="pg_stat_statements.query",
        ),
    )
