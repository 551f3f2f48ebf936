"""Triggers that somebody has disabled, those of foreign keys included."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Table,
    Trigger,
    qualified,
    quote_identifier,
    rule,
    table_rows,
)

_DISABLED = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which tables matter."""

    min_table_rows: int = 1
    """In an empty table nothing has been missed."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def disabled_trigger(case: Case, limits: Limits) -> Outcome:
    r"""A trigger is disabled: what it keeps true may be so no longer.

    ## Why it matters
    `DISABLE TRIGGER ALL` before a bulk load turns foreign keys off as well, without a word in
    `\d`: rows that refer to nothing come in, and the planner still takes the key for granted.
    Left like that, a backup of the database cannot be restored.  A trigger of one's own that is
    disabled no longer writes what reports or caches rely on.

    ## What it leaves alone
    Empty tables; triggers that are set to fire on replicas only, or always, which is a decision;
    those that a partition has from its parent, where the parent's is named.

    ## Before you act
    A bulk load may be under way: then its last step does this.  A trigger that is enabled again
    does not look at the rows that came in meanwhile, and neither does a foreign key: look for
    those that break it first.  What nobody needs is better dropped than disabled.

    ## Example
        ALTER TABLE orders DISABLE TRIGGER ALL;  -- before a load, and never undone
        ALTER TABLE orders ENABLE TRIGGER ALL;
    """
    for table in case.user_tables:
        for part in _with_parts(case, table):
            if part.triggers is None:
                yield case.skip_table(part, "its triggers are not in the snapshot")
            elif (disabled := tuple(_disabled(case, part))) and (
                case.rows_of(part) >= limits.min_table_rows
            ):
                yield _finding(case, part, disabled)


def _with_parts(case: Case, table: Table) -> Iterator[Table]:
    """The table and all of its partitions, which can have triggers of their own."""
    yield table
    for child in case.catalog.partitions[table.oid]:
        if child.is_partition:
            yield from _with_parts(case, child)


def _disabled(case: Case, table: Table) -> Iterator[Trigger]:
    inherited = {c.name for c in case.catalog.constraints_by_table[table.oid] if c.is_inherited}
    for trigger in table.triggers or ():
        is_parents = trigger.is_inherited or trigger.constraint_name in inherited
        if trigger.firing == _DISABLED and not is_parents:
            yield trigger


def _finding(case: Case, table: Table, disabled: tuple[Trigger, ...]) -> Finding:
    checks = tuple(sorted({t.constraint_name for t in disabled if t.constraint_name}))
    own = tuple(sorted(t.name for t in disabled if not t.constraint_name))
    what = [f"the check of {', '.join(checks)}"] if checks else []
    what += [f"the trigger{'' if len(own) == 1 else 's'} {', '.join(own)}"] if own else []
    verb = "is" if len(what) == 1 and len(own) < 2 else "are"  # noqa: PLR2004  (more than one)
    return Finding(
        subject=table.qualified_name,
        summary=f"On {table.qualified_name} {' and '.join(what)} {verb} disabled",
        evidence=(
            Evidence(
                name="disabled triggers",
                value=", ".join(trigger.name for trigger in disabled),
                source="pg_trigger.tgenabled",
            ),
            table_rows(case, table),
        ),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the table is not empty", "it is not left to fire on replicas only"),
        remedies=(_remedy(table, checks, own),),
        impact=Impact(
            risk="rows may break the constraint, and the planner takes it for granted"
            if checks
            else "what the trigger keeps true may be so no longer"
        ),
        severity=Severity.WARNING if checks else Severity.INFO,
    )


def _remedy(table: Table, checks: tuple[str, ...], own: tuple[str, ...]) -> ManualSteps:
    return ManualSteps(
        title=f"Enable the triggers of {table.qualified_name} again, or drop them",
        steps=tuple(_steps(qualified(table.schema, table.name), checks, own)),
    )


def _steps(target: str, checks: tuple[str, ...], own: tuple[str, ...]) -> Iterator[str]:
    alter = f"ALTER TABLE {target}"
    if checks:
        yield (
            f"Look for rows that break {', '.join(checks)}, and mend them: enabling the check "
            "again does not."
        )
        yield (
            f"`{alter} ENABLE TRIGGER ALL`, as a superuser: no other role may enable the triggers "
            "of a constraint. It blocks writes for a moment."
        )
        yield (
            "Have PostgreSQL check the old rows: drop the constraint, add it as NOT VALID, and "
            "`VALIDATE CONSTRAINT`."
        )
    for name in own if not checks else ():
        yield f"`{alter} ENABLE TRIGGER {quote_identifier(name)}`, or drop it if nobody needs it."
    if own:
        yield "Do by hand what the triggers would have done for the rows written meanwhile."
    yield f"The way back is `{alter} DISABLE TRIGGER` with the same names."
