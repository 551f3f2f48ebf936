"""Updates that write rows whose values stay the same."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RewriteStatement,
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    changes_only,
    columns_in,
    format_count,
    format_ratio,
    qualified,
    rule,
    share_of_time,
)

_DISABLED = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which updates write much for nothing."""

    min_unchanged_per_day_count: float = 10_000.0
    """Rows a day that are proven to be written as they were."""

    min_unchanged_ratio: float = 0.5
    """Of all rows that the statement writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writes:
    """What the counters tell of one table, a day."""

    moved: float
    """Updates that were not heap-only."""
    inserted: float


@rule(
    severity=Severity.WARNING, since="0.1", limits=Limits, requires=("usage-window", "statements")
)
def unchanged_update(case: Case, limits: Limits) -> Outcome:
    """An UPDATE writes rows whose values stay the same.

    ## Why it matters
    PostgreSQL writes a new version of a row whether anything in it changes or not: WAL, a dead
    row for vacuum, a lock.  A job that writes its whole state back, or sets a status that is
    set, does that for nothing.  It shows in the counters: an update of a column that is in an
    index can be heap-only only if the column keeps its value.

    ## What it leaves alone
    Statements that set a column without an index: no counter tells whether that one changes.
    Tables with a trigger that fires on updates, which may be what the update is for; updates
    that keep their values in less than half of their rows; few rows.

    ## Before you act
    The number of updated rows that the application gets back counts changed ones only, then: an
    update that finds its row unchanged looks like one that finds none.  Where an index on the
    column is younger than the counters, earlier updates needed no entry in it: look again later.

    ## Example
        UPDATE devices SET state = $1 WHERE id = $2;
        UPDATE devices SET state = $1 WHERE id = $2 AND state IS DISTINCT FROM $1;
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary counts what is written")
    for table in case.user_tables:
        groups: dict[str, list[Statement]] = defaultdict(list)
        for use in case.uses_of(table):
            if _sets_indexed_columns(case, table, use):
                groups[case.shape_of(use.statement)].append(use.statement)
        writes = _writes(case, table) if groups else None
        if writes is None:
            continue
        for statements in groups.values():
            written = _rows_per_day(case, statements)
            unchanged = _unchanged(case, statements, writes)
            if (
                unchanged >= limits.min_unchanged_per_day_count
                and unchanged >= limits.min_unchanged_ratio * written
            ):
                if table.triggers is None:
                    yield case.skip_table(table, "its triggers are not in the snapshot")
                elif not any(t.fires_on_update and t.firing != _DISABLED for t in table.triggers):
                    yield _finding(case, table, statements, unchanged, written)


def _sets_indexed_columns(case: Case, table: Table, use: StatementOnTable) -> bool:
    """Each column that it sets is one of an index that an update of it has to be entered in."""
    names = use.usage.set_columns
    if not use.relation.is_write_target or not names:
        return False
    is_update = use.usage.kind in {StatementKind.UPDATE, StatementKind.INSERT}
    return is_update and _indexed(case, table).issuperset(names)


def _indexed(case: Case, table: Table) -> frozenset[str]:
    """Columns whose change keeps an update from being heap-only; BRIN does not, from 16 on."""
    names: set[str] = set()
    for index in case.indexes_of(table):
        if index.access_method == "brin" or not index.is_ready:
            continue
        names |= {name for name in index.key_columns if name is not None} | set(index.include)
        for expression in (*(key.expression for key in index.keys), index.predicate):
            if expression is not None:
                names |= columns_in(expression)
    return frozenset(names)


def _writes(case: Case, table: Table) -> _Writes | None:
    counters = case.activities_of(table)
    updated = sum(a.rows_updated for a in counters)
    days = case.counter_window.days
    if not days or not updated or not case.is_large_enough(table):
        return None
    hot = sum(a.rows_hot_updated for a in counters)
    inserted = sum(a.rows_inserted for a in counters)
    return _Writes(moved=(updated - hot) / days, inserted=inserted / days)


def _rows_per_day(case: Case, statements: list[Statement]) -> float:
    days = case.statement_window.days or case.counter_window.days or 1.0
    return sum(statement.rows for statement in statements) / days


def _unchanged(case: Case, statements: list[Statement], writes: _Writes) -> float:
    """Rows a day that keep their values, at least: as if all that did change were theirs."""
    inserts = any(
        case.usage[s.id].kind is StatementKind.INSERT for s in statements if s.id in case.usage
    )
    changed = writes.moved + (writes.inserted if inserts else 0.0)
    return _rows_per_day(case, statements) - changed


def _finding(
    case: Case, table: Table, statements: list[Statement], unchanged: float, written: float
) -> Finding:
    first = statements[0]
    columns = " and ".join(case.usage[first.id].set_columns)
    return Finding(
        subject=table.qualified_name,
        identity=f"{table.qualified_name}:{case.shape_of(first)}",
        summary=f"An update of {columns} in {table.qualified_name} writes "
        f"{format_count(written)} rows a day, of which at least "
        f"{format_ratio(unchanged / written)} keep their values",
        evidence=tuple(_evidence(case, table, statements, written)),
        provenance=Provenance.STATISTICS,
        # Of an index younger than the counters nobody knows the age.
        confidence=Confidence.MEDIUM,
        guards=(
            f"each index entry that a change of {columns} needs is counted",
            "no trigger fires on updates of the table",
        ),
        remedies=tuple(_remedies(case, table, first, columns)),
        impact=Impact(risk="WAL, dead rows and locks for rows that stay as they are"),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _evidence(
    case: Case, table: Table, statements: list[Statement], written: float
) -> Iterator[Evidence]:
    yield Evidence(
        name="rows that the statement writes a day",
        value=round(written),
        unit="rows",
        source="pg_stat_statements.rows",
    )
    writes = _writes(case, table)
    yield Evidence(
        name="updates of the table a day that are not heap-only",
        value=round(writes.moved if writes else 0.0),
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd, n_tup_hot_upd",
    )
    yield share_of_time(case.share_of_all(statements))


def _remedies(case: Case, table: Table, statement: Statement, columns: str) -> Iterator[Action]:
    after = changes_only(statement.text, case.catalog)
    if after is not None:
        yield RewriteStatement(before=statement.text, after=after.text, condition=after.condition)
        return
    target = qualified(table.schema, table.name)
    yield ManualSteps(
        title=f"Leave rows of {table.qualified_name} alone that do not change",
        steps=(
            f"Add to the condition that {columns} differ from the new values: `IS DISTINCT FROM`.",
            (
                "Where the statement cannot be changed: `CREATE TRIGGER z_unchanged BEFORE UPDATE "
                f"ON {target} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()` "
                "compares whole rows, at some cost for each. The way back is to drop it."
            ),
        ),
    )
