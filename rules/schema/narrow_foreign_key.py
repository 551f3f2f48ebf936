"""Columns that refer to a key and cannot hold all of its numbers."""

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
    Sequence,
    Severity,
    Skipped,
    Table,
    foreign_keys_of,
    format_count,
    format_ratio,
    qualified,
    quote_identifier,
    rule,
)

_MAXIMA = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How near the key may come."""

    min_used_ratio: float = 0.1
    """Share of the numbers which the narrow column can hold that the key has given out."""

    max_used_ratio: float = 0.5
    """From this share of a sequence on, ``integer-key-exhaustion`` speaks of the same column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Narrow:
    """One column that is narrower than the one it refers to."""

    table: Table
    column: Column
    referenced: Table
    key: Column
    sequence: Sequence | None
    last_value: int
    """Of the sequence; where that is not known, the referenced table's rows."""

    @property
    def maximum(self) -> int:
        return _MAXIMA[_type(self.column)]

    @property
    def is_counted(self) -> bool:
        """No sequence tells how far the key has come; it has at least as many as rows."""
        return self.sequence is None or self.is_hidden

    @property
    def is_hidden(self) -> bool:
        """Its sequence was not used yet, or may not be read."""
        return self.sequence is not None and self.sequence.last_value is None


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def narrow_foreign_key(case: Case, limits: Limits) -> Outcome:
    """A foreign key column is narrower than the key it refers to.

    ## Why it matters
    The key goes on to give out numbers that the column cannot hold.  From the first of them on,
    no row can refer to the new ones: ``integer out of range``.  It strikes when the key itself
    has been made a bigint and everybody believes the matter settled.

    ## What it leaves alone
    Keys that have given out less than a tenth of what the column can hold: a smallint that
    refers to a few statuses is well chosen.  Keys whose sequence ends, or starts over, before
    the column is full; columns that are wider than their key; what came with a partitioned
    parent; and columns of which ``integer-key-exhaustion`` speaks, which is more urgent.

    ## Before you act
    To widen a column rewrites the table and its indexes, and nobody can read it meanwhile.
    Only small tables can afford that; the others take a new column beside the old one.

    ## Example
        CREATE TABLE orders (id bigint PRIMARY KEY);
        CREATE TABLE lines (order_id integer REFERENCES orders);  -- ends at 2,147,483,647
        ALTER TABLE lines ALTER COLUMN order_id TYPE bigint;  -- rewrites the table
    """
    sequences = {(s.table_oid, s.column): s for s in case.snapshot.sequences}
    unreadable = _unreadable(case)
    for table in case.user_tables:
        seen: set[str] = set()
        for key in foreign_keys_of(case, table):
            for narrow in _narrow(case, table, key, sequences):
                if narrow.column.name in seen:
                    continue
                if _is_near(narrow, limits):
                    seen.add(narrow.column.name)
                    yield _finding(case, narrow)
                elif narrow.is_hidden and unreadable:
                    seen.add(narrow.column.name)
                    subject = f"{table.qualified_name}.{narrow.column.name}"
                    yield Skipped(rule_id="", subject=subject, reason=unreadable)


def _unreadable(case: Case) -> str:
    for item in case.snapshot.unavailable:
        if "sequence" in item.what.lower():
            return f"how far its key has come may not be read: {item.reason}"
    return ""


def _narrow(
    case: Case,
    table: Table,
    key: Constraint,
    sequences: dict[tuple[int | None, str | None], Sequence],
) -> Iterator[_Narrow]:
    referenced = case.catalog.tables.get(key.referenced_table_oid or 0)
    if referenced is None:
        return
    for name, referenced_name in zip(key.columns, key.referenced_columns, strict=False):
        column, other = table.column(name), referenced.column(referenced_name)
        if column is None or other is None or not _is_narrower(column, other):
            continue
        sequence = sequences.get((referenced.oid, referenced_name))
        last_value = sequence.last_value if sequence else None
        # Of a key of several columns, each may repeat: rows say nothing about its numbers.
        rows = int(case.rows_of(referenced)) if len(key.columns) == 1 else 0
        yield _Narrow(
            table=table,
            column=column,
            referenced=referenced,
            key=other,
            sequence=sequence,
            last_value=rows if last_value is None else last_value,
        )


def _type(column: Column) -> str:
    return column.base_type_name or column.type_name


def _is_narrower(column: Column, key: Column) -> bool:
    mine, other = _MAXIMA.get(_type(column)), _MAXIMA.get(_type(key))
    return mine is not None and other is not None and mine < other


def _is_near(narrow: _Narrow, limits: Limits) -> bool:
    sequence = narrow.sequence
    if sequence is not None and (sequence.max_value <= narrow.maximum or sequence.increment < 0):
        return False
    ratio = narrow.last_value / narrow.maximum
    # A sequence with a bound of its own, or one that starts over, is this rule's to the end.
    is_watched = (
        sequence is not None
        and not narrow.is_counted
        and sequence.max_value in _MAXIMA.values()
        and not sequence.is_cycling
    )
    return ratio >= limits.min_used_ratio and not (is_watched and ratio >= limits.max_used_ratio)


def _finding(case: Case, narrow: _Narrow) -> Finding:
    name = f"{narrow.table.qualified_name}.{narrow.column.name}"
    key = f"{narrow.referenced.qualified_name}.{narrow.key.name}"
    ratio = narrow.last_value / narrow.maximum
    verb = "has rows for" if narrow.is_counted else "has given out"
    return Finding(
        subject=name,
        summary=f"{name} is {_type(narrow.column)} and refers to {key}, a {_type(narrow.key)} "
        f"that {verb} {format_ratio(ratio)} of what the column can hold",
        evidence=tuple(_evidence(narrow)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM if narrow.is_counted else Confidence.HIGH,
        guards=(
            "the key is not bound to stay within the column's type",
            "the key is not at its beginning",
        ),
        remedies=(_remedy(case, narrow),),
        impact=Impact(
            risk=f"no row can refer to keys beyond {format_count(narrow.maximum)}: "
            "inserts fail with integer out of range"
        ),
    )


def _evidence(narrow: _Narrow) -> Iterator[Evidence]:
    yield Evidence(
        name="type of the column", value=_type(narrow.column), source="pg_attribute.atttypid"
    )
    yield Evidence(name="type of the key", value=_type(narrow.key), source="pg_attribute.atttypid")
    if narrow.is_counted or narrow.sequence is None:
        yield Evidence(
            name="rows of the referenced table",
            value=narrow.last_value,
            unit="rows",
            source="pg_class.reltuples, scaled by the length now",
        )
    else:
        yield Evidence(
            name="last value of the key",
            value=narrow.last_value,
            source=f"pg_sequences.last_value of {narrow.sequence.schema}.{narrow.sequence.name}",
        )
    yield Evidence(
        name="largest value of the column", value=narrow.maximum, source="pg_attribute.atttypid"
    )


def _remedy(case: Case, narrow: _Narrow) -> ManualSteps:
    table, column, target = narrow.table, narrow.column, _type(narrow.key)
    title = f"Make {table.qualified_name}.{column.name} a {target}"
    alter = f"ALTER TABLE {qualified(table.schema, table.name)} ALTER COLUMN "
    alter += quote_identifier(column.name)
    if not case.is_large_enough(table):
        return ManualSteps(
            title=title,
            steps=(
                (
                    f"`{alter} TYPE {target}`, with a lock timeout; the table is small, and its "
                    "rewrite is short."
                ),
                f"The way back is `{alter} TYPE {_type(column)}`, as long as no value is larger.",
            ),
        )
    return ManualSteps(
        title=f"{title}, without a rewrite under lock",
        steps=(
            (
                f"Add a {target} column beside it, and a trigger that copies the old one into it "
                "on every INSERT and UPDATE."
            ),
            "Fill it for the rows there are, in batches, with VACUUM in between.",
            (
                "Build the indexes that the old column has on the new one, concurrently; add the "
                "foreign key NOT VALID, then validate it."
            ),
            (
                "In one short transaction with a lock timeout: drop the trigger, swap the names. "
                "Until the old column is dropped, swapping them again is the way back."
            ),
            "Drop the old column when all is well.",
        ),
    )
