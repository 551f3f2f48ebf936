"""Indexes that are hardly scanned, and that alone keep updates from being heap-only."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Statement,
    Table,
    columns_in,
    format_count,
    format_ratio,
    has_other_duty,
    index_definition,
    index_scans,
    leaves_key_unserved,
    removal_step,
    rule,
    trial_step,
)

_TWICE = 1.5
_BRIN_KEEPS_HOT = 16
"""The major version from which an update of a BRIN index's columns may be heap-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which updates matter, and how few scans are few."""

    min_moved_per_day_count: float = 10_000.0
    """Updates a day that are not heap-only, for which the index is the reason."""

    max_hot_ratio: float = 0.5
    """Share of heap-only updates below which something is wrong."""

    max_scans_ratio: float = 0.01
    """Scans of the index for each of those updates, at most."""

    min_explained_ratio: float = 0.5
    """Share of the table's updates that are not heap-only which the index has to explain."""

    max_set_ratio: float = 0.5
    """Share of the table's columns that a statement sets, at most.  One that writes back the
    whole row changes few of them, and nobody knows which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blocked:
    """What one index keeps from being heap-only."""

    columns: frozenset[str]
    """Columns of the index that the statements set."""
    statements: tuple[Statement, ...]
    rows_per_day: float


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window", "statements"))
def hot_breaking_index(case: Case, limits: Limits) -> Outcome:
    """An index that is hardly scanned keeps updates from being heap-only.

    ## Why it matters
    An UPDATE that changes no indexed column leaves all indexes alone.  One index on a column that
    changes all the time, when a user was last seen, say, ends that: every such update makes an
    entry in each index of the table, and vacuum has to take as many out again.

    ## What it leaves alone
    Indexes that enforce a constraint, are a replica identity, or alone serve a foreign key; those
    that are scanned now and then for each hundred updates; those that nobody scans, which another
    rule reports; updates that a second index would still hold back; statements that write back
    whole rows; and tables most of whose updates are heap-only all the same.  BRIN indexes are no
    obstacle from PostgreSQL 16 on.

    ## Before you act
    Few scans are not none.  Find the statements that use the index, and see what they cost
    without it; a report that runs once a night may do with a sequential scan, a page that an
    operator opens in an emergency may not.

    ## Example
        UPDATE users SET last_seen_at = now() WHERE id = 7;  -- an entry in every index
        DROP INDEX CONCURRENTLY users_last_seen_at_idx;
    """
    if case.snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: its primary counts what is written")
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        moved = _moved_per_day(case, table, limits)
        if moved is None or moved < limits.min_moved_per_day_count:
            continue
        for index, blocked in _blocked(case, table, limits):
            explains = min(blocked.rows_per_day, moved)
            if (
                explains >= limits.min_moved_per_day_count
                and explains >= limits.min_explained_ratio * moved
                and not has_other_duty(index)
                and not leaves_key_unserved(case, table, index)
                and _is_hardly_scanned(case, index, explains, limits)
            ):
                if not case.is_watched(index):
                    yield case.skip_table(
                        table,
                        f"{index.name} was made, or its counters were reset, after the earlier "
                        "snapshot",
                    )
                    continue
                yield _finding(case, table, index, blocked, moved)


def _moved_per_day(case: Case, table: Table, limits: Limits) -> float | None:
    """Updates a day that are not heap-only; None where there is nothing to gain."""
    counters = case.activities_of(table)
    updated = sum(a.rows_updated for a in counters)
    hot = sum(a.rows_hot_updated for a in counters)
    days = case.counter_window.days
    if not days or not updated or hot >= limits.max_hot_ratio * updated:
        return None
    return (updated - hot) / days if case.is_large_enough(table) else None


def _blocked(case: Case, table: Table, limits: Limits) -> Iterator[tuple[Index, _Blocked]]:
    """Each index with the updates that it, and no other, keeps from being heap-only."""
    columns = {index.oid: _columns_of(index) for index in _obstacles(case, table)}
    statements: dict[int, dict[str, Statement]] = defaultdict(dict)
    changed: dict[int, set[str]] = defaultdict(set)
    for use in case.uses_of(table):
        names = use.usage.set_columns
        is_whole_row = len(names) > limits.max_set_ratio * len(table.columns)
        if not use.relation.is_write_target or is_whole_row:
            continue
        hit = [oid for oid, indexed in columns.items() if indexed.intersection(names)]
        if len(hit) == 1:
            statements[hit[0]][use.statement.id] = use.statement
            changed[hit[0]].update(columns[hit[0]].intersection(names))
    days = case.statement_window.days or case.counter_window.days or 1.0
    for index in case.indexes_of(table):
        if found := tuple(statements[index.oid].values()):
            rows_per_day = sum(statement.rows for statement in found) / days
            yield (
                index,
                _Blocked(
                    columns=frozenset(changed[index.oid]),
                    statements=found,
                    rows_per_day=rows_per_day,
                ),
            )


def _obstacles(case: Case, table: Table) -> Iterator[Index]:
    """Indexes of the table, and those that its partitions have besides."""
    yield from (i for i in case.indexes_of(table) if _is_obstacle(case, i))
    for leaf in case.catalog.leaves(table):
        if leaf.oid != table.oid:
            own = (i for i in case.indexes_of(leaf) if i.parent_oid not in case.catalog.indexes)
            yield from (i for i in own if _is_obstacle(case, i))


def _is_obstacle(case: Case, index: Index) -> bool:
    return index.access_method != "brin" or case.snapshot.server.major < _BRIN_KEEPS_HOT


def _columns_of(index: Index) -> frozenset[str]:
    """Whatever the index reads of a row: keys, included columns, expressions, predicate."""
    names = {name for name in index.key_columns if name is not None} | set(index.include)
    for expression in (*(key.expression for key in index.keys), index.predicate):
        if expression is not None:
            names |= columns_in(expression)
    return frozenset(names)


def _is_hardly_scanned(case: Case, index: Index, moved_per_day: float, limits: Limits) -> bool:
    """It is scanned, but for far too few times to be worth it."""
    scans = case.scans_of(index)
    days = case.counter_window.days or 1.0
    return scans > 0 and scans / days <= limits.max_scans_ratio * moved_per_day


def _finding(case: Case, table: Table, index: Index, blocked: _Blocked, moved: float) -> Finding:
    name = f"{index.schema}.{index.name}"
    columns = " and ".join(sorted(blocked.columns))
    days = case.counter_window.days or 1.0
    is_alone = case.is_open("topology")
    topology = case.gates.gate("topology").detail
    return Finding(
        subject=name,
        summary=f"{name} is scanned {_how_often(case.scans_of(index) / days)} a day, and "
        f"for it {format_count(min(blocked.rows_per_day, moved))} updates of {columns} a day are "
        "not heap-only",
        detail="" if is_alone else f"Its scans elsewhere are not counted: {topology}.",
        evidence=tuple(_evidence(case, table, index, moved)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM if is_alone else Confidence.LOW,
        guards=(
            "it enforces no constraint and is no replica identity",
            "no foreign key is left without an index",
            f"no other index holds {columns}",
            *((topology,) if is_alone else ()),
        ),
        remedies=(_remedy(case, table, index, columns),),
        impact=Impact(
            freed_bytes=case.size_of_index(index),
            written_entries_per_day=-min(blocked.rows_per_day, moved) * len(case.indexes_of(table)),
        ),
        statement_ids=tuple(statement.id for statement in blocked.statements),
    )


def _how_often(per_day: float) -> str:
    return f"{format_count(per_day)} times" if per_day >= _TWICE else "hardly once"


def _evidence(case: Case, table: Table, index: Index, moved: float) -> Iterator[Evidence]:
    counters = case.activities_of(table)
    updated = sum(a.rows_updated for a in counters)
    hot = sum(a.rows_hot_updated for a in counters)
    yield index_scans(case, index)
    yield Evidence(
        name="updates a day that are not heap-only",
        value=round(moved),
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd, n_tup_hot_upd",
    )
    yield Evidence(
        name="heap-only updates",
        value=format_ratio(hot / updated),
        source="pg_stat_user_tables.n_tup_hot_upd, n_tup_upd",
    )
    yield index_definition(index)


def _remedy(case: Case, table: Table, index: Index, columns: str) -> ManualSteps:
    return ManualSteps(
        title=f"See whether {table.qualified_name} can do without {index.name}",
        steps=(
            trial_step(case, index),
            f"Where they need its other columns alone, build it without {columns}.",
            f"Where they can do without: {removal_step(index)}",
            "Watch `n_tup_hot_upd`. If it does not rise, pages have no room: set a fillfactor.",
        ),
    )
