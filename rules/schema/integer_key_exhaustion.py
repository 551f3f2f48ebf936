"""Integer keys that run out of numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Sequence,
    Severity,
    Skipped,
    Table,
    foreign_keys_of,
    format_count,
    format_ratio,
    qualified,
    rule,
)

_CENTURY_DAYS = 36_525
_MAXIMA = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be used up."""

    min_used_ratio: float = 0.5
    """Share of the numbers that is used up when it is time to plan."""

    min_critical_ratio: float = 0.75
    """Share from which on it is critical where nobody knows how long the rest lasts, and is at
    least mentioned where it lasts for long."""

    max_critical_days: float = 365.0
    """Where the rest lasts no longer at the present rate, it is critical."""

    max_days_left_days: float = 3_650.0
    """Where the rest lasts longer, nothing is said until much is used up, and then a remark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """How far one column has come."""

    column: Column
    table: Table
    last_value: int
    maximum: int
    days_left: float | None
    """At the rate of the window; None: nobody knows, or nothing was inserted in it."""
    is_at_rest: bool
    """Nothing was inserted in the window."""
    sequence: Sequence

    @property
    def ratio(self) -> float:
        return self.last_value / self.maximum


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def integer_key_exhaustion(case: Case, limits: Limits) -> Outcome:
    """An integer key is running out of numbers.

    ## Why it matters
    When the last number is given out, every INSERT fails.  To widen the column then means to
    rewrite the table and its indexes while nothing can be written.

    ## What it leaves alone
    Sequences that cycle, that count downwards, or whose bound somebody has chosen; keys that
    will last for ten years at the present rate, of which it says no more than that they are
    three quarters full.  It is critical where the rest lasts for a year at most.  Columns that
    refer to a key and are narrower than it are judged by their own type.

    ## Before you act
    Gaps count: a sequence gives out numbers for inserts that are rolled back, and for those
    that end in ON CONFLICT, too; the rate counts inserted rows alone.  All that refers to the
    key has to be widened first.

    ## Example
        SELECT last_value FROM orders_id_seq;  -- 1,900,000,000 of 2,147,483,647
        ALTER TABLE orders ALTER COLUMN id TYPE bigint;  -- rewrites the table
    """
    tables = {table.oid: table for table in case.user_tables}
    unreadable = _unreadable(case)
    fullest: dict[tuple[int, str], _Use] = {}
    for sequence in case.snapshot.sequences:
        table = tables.get(sequence.table_oid or 0)
        if table is None or sequence.is_cycling or sequence.increment < 0:
            continue
        if sequence.last_value is None:
            if unreadable:
                name = f"{sequence.schema}.{sequence.name}"
                yield Skipped(rule_id="", subject=name, reason=unreadable)
            continue
        for use in _uses(case, table, sequence):
            known = fullest.setdefault((use.table.oid, use.column.name), use)
            if use.ratio > known.ratio:
                fullest[use.table.oid, use.column.name] = use
    for use in fullest.values():
        if (severity := _severity(use, limits)) is not None:
            yield _finding(use, severity)


def _unreadable(case: Case) -> str:
    for item in case.snapshot.unavailable:
        if "sequence" in item.what.lower():
            return f"its last value may not be read: {item.reason}"
    return ""


def _severity(use: _Use, limits: Limits) -> Severity | None:
    """How soon it matters: by the time that is left, where that is known; None: not at all."""
    is_full = use.ratio >= limits.min_critical_ratio
    if use.ratio < limits.min_used_ratio:
        return None
    if use.days_left is None:
        return Severity.CRITICAL if is_full and not use.is_at_rest else Severity.WARNING
    if use.days_left <= limits.max_critical_days:
        return Severity.CRITICAL
    if use.days_left <= limits.max_days_left_days:
        return Severity.WARNING
    return Severity.INFO if is_full else None


def _uses(case: Case, table: Table, sequence: Sequence) -> Iterator[_Use]:
    """The key itself, and the columns that refer to it and are narrower."""
    column = table.column(sequence.column or "")
    if column is None or sequence.max_value not in _MAXIMA.values():
        return
    own = min(sequence.max_value, _maximum(column))
    yield _use(case, table, column, own, table, sequence)
    for key in case.catalog.foreign_keys_to[table.oid]:
        child = case.catalog.tables.get(key.table_oid)
        if child is None or key not in foreign_keys_of(case, child):
            continue
        for name, referenced in zip(key.columns, key.referenced_columns, strict=False):
            narrow = child.column(name)
            if referenced == column.name and narrow is not None and _maximum(narrow) < own:
                yield _use(case, child, narrow, _maximum(narrow), table, sequence)


def _use(
    case: Case, table: Table, column: Column, maximum: int, source: Table, sequence: Sequence
) -> _Use:
    last = sequence.last_value or 0
    days = case.counter_window.days
    inserted = sum(activity.rows_inserted for activity in case.activities_of(source))
    per_day = inserted * sequence.increment / days if days else 0.0
    return _Use(
        column=column,
        table=table,
        last_value=last,
        maximum=maximum,
        days_left=max(maximum - last, 0) / per_day if per_day > 0 else None,
        is_at_rest=bool(days) and inserted == 0 and _is_counted(case, source),
        sequence=sequence,
    )


def _is_counted(case: Case, table: Table) -> bool:
    """The counters of its rows are those of the server that writes them."""
    counted = {activity.table_oid for activity in case.snapshot.table_activity}
    leaves = {leaf.oid for leaf in case.catalog.leaves(table)}
    return leaves <= counted and not case.snapshot.server.is_in_recovery


def _maximum(column: Column) -> int:
    return _MAXIMA.get(column.base_type_name or column.type_name, 2**63 - 1)


def _finding(use: _Use, severity: Severity) -> Finding:
    name = f"{use.table.qualified_name}.{use.column.name}"
    used = f"{format_count(use.last_value)} of {format_count(use.maximum)}"
    left = f", and the rest lasts {_how_long(use.days_left)}" if use.days_left is not None else ""
    if use.is_at_rest:
        left = ", and nothing was inserted since the counters were reset"
    return Finding(
        subject=name,
        summary=f"{name} has used {format_ratio(use.ratio)} of its numbers ({used}){left}",
        evidence=tuple(_evidence(use)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("the sequence neither cycles nor counts downwards", "its bound is its type's"),
        remedies=(_remedy(use),),
        impact=Impact(risk=f"inserts fail when {name} runs out"),
        severity=severity,
    )


def _how_long(days: float) -> str:
    return f"{days:,.0f} days" if days <= _CENTURY_DAYS else "more than a hundred years"


def _evidence(use: _Use) -> Iterator[Evidence]:
    yield Evidence(
        name="last value",
        value=use.last_value,
        source=f"pg_sequences.last_value of {use.sequence.schema}.{use.sequence.name}",
    )
    yield Evidence(name="largest value", value=use.maximum, source="pg_attribute.atttypid")
    yield Evidence(
        name="used", value=round(use.ratio, 4), unit="ratio", source="last value / largest value"
    )
    if use.days_left is not None:
        yield Evidence(
            name="time left",
            value=round(use.days_left, 1),
            unit="days",
            source="pg_stat_user_tables.n_tup_ins over the window",
        )


def _remedy(use: _Use) -> ManualSteps:
    column, table = use.column, use.table
    if _maximum(column) > use.maximum:
        target = qualified(use.sequence.schema, use.sequence.name)
        return ManualSteps(
            title=f"Widen the sequence of {table.qualified_name}.{column.name}",
            steps=(f"`ALTER SEQUENCE {target} AS bigint`; the column is wide enough already.",),
        )
    return ManualSteps(
        title=f"Make {table.qualified_name}.{column.name} a bigint, without a rewrite under lock",
        steps=(
            "Widen the columns that refer to it first, each in the same way.",
            (
                "Add a bigint column beside it, and a trigger that copies the old one into it on "
                "every INSERT and UPDATE."
            ),
            "Fill it for the rows there are, in batches, with VACUUM in between.",
            (
                "Build the indexes that the old column has on the new one, concurrently; add NOT "
                "NULL by way of a CHECK constraint that is first NOT VALID, then validated."
            ),
            (
                "In one short transaction with a lock timeout: drop the trigger, swap the names, "
                "move default, sequence and constraints."
            ),
            "Drop the old column when all is well.",
        ),
    )
