"""Constraints that hold for new rows only, and were never checked against the old ones."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Constraint,
    ConstraintKind,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    Table,
    format_count,
    qualified,
    quote_identifier,
    rule,
)

_NOT_VALID = " NOT VALID"
_KINDS = {
    ConstraintKind.FOREIGN_KEY: "foreign key",
    ConstraintKind.CHECK: "check",
    ConstraintKind.NOT_NULL: "NOT NULL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1
    """In an empty table there is nothing to be checked."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def unvalidated_constraint(case: Case, limits: Limits) -> Outcome:
    """A constraint is NOT VALID: nobody knows whether the old rows obey it.

    ## Why it matters
    NOT VALID is the first half of adding a constraint without a long lock.  Without the second
    half, the schema promises what the data may not keep.  Old rows may refer to nothing; an old
    row that breaks a check cannot be updated any more, not even in another column; and the
    planner cannot use what it does not know to be true.

    ## What it leaves alone
    Empty tables, constraints that are NOT ENFORCED (PostgreSQL 18), which is a decision, and
    those that came with a parent: theirs is validated with it.

    ## Before you act
    A migration may be under way: then its next step does this.  VALIDATE reads the whole table,
    and reads and writes go on meanwhile.  It fails at the first row that breaks the constraint,
    so look for those first.  If the old rows are meant to stay as they are, suppress this.

    ## Example
        ALTER TABLE orders ADD CONSTRAINT amount_check CHECK (amount > 0) NOT VALID;
        SELECT count(*) FROM orders WHERE NOT (amount > 0);
        ALTER TABLE orders VALIDATE CONSTRAINT amount_check;
    """
    for table in case.user_tables:
        for part in _with_parts(case, table):
            if part.kind is RelationKind.FOREIGN_TABLE:
                continue
            rows = _live_rows(case, part)
            if rows < limits.min_table_rows:
                continue
            for constraint in case.catalog.constraints_by_table[part.oid]:
                if _is_left_half_done(constraint):
                    yield _finding(case, part, constraint, rows)


def _with_parts(case: Case, table: Table) -> Iterator[Table]:
    """The table and all of its partitions, which can have constraints of their own."""
    yield table
    for child in case.catalog.partitions[table.oid]:
        if child.is_partition:
            yield from _with_parts(case, child)


def _live_rows(case: Case, table: Table) -> float:
    leaves = case.catalog.leaves(table)
    counted = sum(case.catalog.activity_of(leaf).live_rows for leaf in leaves)
    return max(counted, case.rows_of(table))


def _is_left_half_done(constraint: Constraint) -> bool:
    # One that is NOT ENFORCED is not validated either, and says that instead.
    return (
        constraint.kind in _KINDS
        and not constraint.is_validated
        and not constraint.is_inherited
        and constraint.definition.endswith(_NOT_VALID)
    )


def _finding(case: Case, table: Table, constraint: Constraint, rows: float) -> Finding:
    return Finding(
        subject=f"{table.qualified_name}.{constraint.name}",
        summary=f"The {_KINDS[constraint.kind]} constraint {constraint.name} of "
        f"{table.qualified_name} is NOT VALID: {format_count(rows)} rows may break it",
        evidence=(
            Evidence(name="validated", value=False, source="pg_constraint.convalidated"),
            Evidence(name="definition", value=constraint.definition, source="pg_get_constraintdef"),
            Evidence(
                name="rows",
                value=round(rows),
                unit="rows",
                source="pg_stat_user_tables.n_live_tup",
            ),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the constraint is enforced for new rows", "the table is not empty"),
        remedies=(_remedy(case, table, constraint),),
        impact=Impact(risk=_risk(case, constraint)),
    )


def _risk(case: Case, constraint: Constraint) -> str:
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        referenced = case.catalog.tables.get(constraint.referenced_table_oid or 0)
        name = referenced.qualified_name if referenced else "the referenced table"
        return f"old rows may refer to rows of {name} that do not exist"
    return "old rows that break it cannot be updated, whatever column is set"


def _remedy(case: Case, table: Table, constraint: Constraint) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)}"
    name = quote_identifier(constraint.name)
    search = _violations(case, table, constraint)
    return ManualSteps(
        title=f"Validate {constraint.name} of {table.qualified_name}",
        steps=(
            f"Count the rows that break it: `{search}`."
            if search
            else "Look for rows that break it.",
            "Mend or remove them, in batches. Where they have to stay, leave the constraint.",
            (
                f"`{alter} VALIDATE CONSTRAINT {name}`, with a lock timeout. Reads and writes go "
                "on while it looks at every row."
            ),
            _way_back(case, constraint, alter),
        ),
    )


def _way_back(case: Case, constraint: Constraint, alter: str) -> str:
    name = quote_identifier(constraint.name)
    definition = constraint.definition if _is_literal(case, constraint) else "... NOT VALID"
    return f"The way back is `{alter} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}`."


def _is_literal(case: Case, constraint: Constraint) -> bool:
    """In a snapshot that was redacted, the constants of a check may not be its own."""
    return constraint.kind is not ConstraintKind.CHECK or case.snapshot.redaction.level == "none"


def _violations(case: Case, table: Table, constraint: Constraint) -> str | None:
    """A query that counts the rows that break it; None where we cannot write it."""
    count = f"SELECT count(*) FROM {qualified(table.schema, table.name)} AS t WHERE"  # noqa: S608
    if constraint.kind is ConstraintKind.FOREIGN_KEY:
        condition = _refers_to_nothing(case, constraint)
        return f"{count} {condition}" if condition else None
    if constraint.kind is ConstraintKind.NOT_NULL:
        nulls = [f"{quote_identifier(column)} IS NULL" for column in constraint.columns]
        return f"{count} {' OR '.join(nulls)}" if nulls else None
    if not _is_literal(case, constraint):
        return None
    check = constraint.definition.removesuffix(_NOT_VALID).removesuffix(" NO INHERIT")
    return f"{count} NOT {check.removeprefix('CHECK ')}"


def _refers_to_nothing(case: Case, constraint: Constraint) -> str | None:
    referenced = case.catalog.tables.get(constraint.referenced_table_oid or 0)
    # With several columns, MATCH FULL and PERIOD mean something else than equality of each.
    if referenced is None or any(
        word in constraint.definition for word in ("MATCH FULL", "PERIOD ")
    ):
        return None
    present = [f"t.{quote_identifier(column)} IS NOT NULL" for column in constraint.columns]
    pairs = zip(constraint.columns, constraint.referenced_columns, strict=False)
    same = [f"r.{quote_identifier(key)} = t.{quote_identifier(column)}" for column, key in pairs]
    name = qualified(referenced.schema, referenced.name)
    exists = f"EXISTS (SELECT FROM {name} AS r WHERE {' AND '.join(same)})"
    return " AND ".join((*present, f"NOT {exists}"))
