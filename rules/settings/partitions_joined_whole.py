"""Joins of two partitioned tables that are not made partition by partition."""

import re
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
    PredicateKind,
    Provenance,
    RelationUsage,
    Severity,
    Statement,
    StatementUsage,
    Table,
    change_for_role,
    format_count,
    format_ratio,
    known,
    rule,
    share_of_time,
    value_for_role,
)

_SETTING = "enable_partitionwise_join"
_KEY = re.compile(r"(?:RANGE|LIST|HASH) \(([a-z0-9_]+(?:, [a-z0-9_]+)*)\)")
"""Of plain columns without an operator class or a collation of their own."""
_ONE_PARTITION = frozenset({PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL})
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which joins are worth it."""

    min_share_ratio: float = 0.05
    """Share of a role's joins of that kind in the workload's execution time."""

    min_mean_time_ms: float = 100.0
    """Of a call; planning takes longer with it."""

    max_partitions_count: int = 100
    """Of one table: each pair of partitions has a hash table of its own, and a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Join:
    """A statement with a pair of tables that it joins on their partition keys."""

    statement: Statement
    tables: tuple[Table, Table]


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def partitions_joined_whole(case: Case, limits: Limits) -> Outcome:
    """Tables that are partitioned alike are joined as if they were not.

    ## Why it matters
    Where two tables are partitioned by the columns that they are joined on, with the same bounds,
    each partition has its partner, and rows of no other one can match.  PostgreSQL joins them pair
    by pair only with ``enable_partitionwise_join``, which is off: else it puts all partitions of
    each together first, and one large hash table or sort is made where many small ones would fit
    into memory.

    ## What it leaves alone
    Tables whose bounds differ, or with partitions below partitions; joins on a part of the key;
    statements that ask for single values of the key, and so for few partitions; short ones, and
    those that take little time together; more than a hundred partitions.  Servers, databases and
    roles for which somebody has set it.

    ## Before you act
    The planner twin has planned the workload with it: the finding names the statements whose
    plans change.  Planning takes longer and takes more memory, for all statements of the role on
    partitioned tables, and each pair of partitions may take ``work_mem``.  Measure both times.

    ## Example
        SET enable_partitionwise_join = on;
        EXPLAIN SELECT sum(p.amount) FROM payment p JOIN booking b USING (booked_on, id);
        ALTER ROLE report IN DATABASE shop SET enable_partitionwise_join = on;
        ALTER ROLE report IN DATABASE shop RESET enable_partitionwise_join;  -- the way back
    """
    server = case.snapshot.server
    setting = known(server.setting(_SETTING), f"values of {_SETTING}")
    if setting.source == "configuration file":
        return
    for role, joins in sorted(_by_role(case, limits).items()):
        is_decided = any(
            given.name == _SETTING and given.role in {role, None} for given in server.role_settings
        )
        share = case.share_of_all([join.statement for join in joins])
        is_off = value_for_role(server, role, _SETTING) == "off"
        if is_off and not is_decided and share >= limits.min_share_ratio:
            yield _finding(case, role, joins, share)


def _by_role(case: Case, limits: Limits) -> dict[str, list[_Join]]:
    """By the role that runs the statement most."""
    found: dict[str, list[_Join]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        if usage is None or not statement.roles or statement.mean_time_ms < limits.min_mean_time_ms:
            continue
        pair = next(_pairs(case, usage, limits), None)
        if pair is not None:
            found[statement.roles[0]].append(_Join(statement=statement, tables=pair))
    return found


def _pairs(case: Case, usage: StatementUsage, limits: Limits) -> Iterator[tuple[Table, Table]]:
    """Tables that are partitioned alike, and joined on the whole of their keys."""
    for relation in usage.relations:
        columns: dict[int, set[tuple[str, str | None]]] = defaultdict(set)
        for join in relation.joins:
            if join.other_relation >= 0 and join.operator == "=":
                columns[join.other_relation].add((join.column, join.other_column))
        for place, joined in columns.items():
            other = usage.relations[place]
            tables = [case.catalog.tables.get(each.table_oid) for each in (relation, other)]
            if None in tables:
                continue
            one, two = (table for table in tables if table is not None)
            if (
                _are_alike(case, one, two, limits)
                and set(zip(_key(one), _key(two), strict=True)) <= joined
                and not _asks_for_few(relation, one)
                and not _asks_for_few(other, two)
            ):
                yield one, two


def _asks_for_few(relation: RelationUsage, table: Table) -> bool:
    """Single values of the key, and so of few partitions."""
    return any(
        predicate.column in _key(table) and predicate.kind in _ONE_PARTITION
        for predicate in relation.predicates
    )


def _key(table: Table) -> tuple[str, ...]:
    match = _KEY.fullmatch(table.partition_key or "")
    return tuple(match[1].split(", ")) if match else ()


def _are_alike(case: Case, table: Table, other: Table, limits: Limits) -> bool:
    """The same way of partitioning, with the same bounds and nothing below."""
    if not _key(table) or len(_key(table)) != len(_key(other)):
        return False
    if (table.partition_key or "").split()[0] != (other.partition_key or "").split()[0]:
        return False
    bounds = [_bounds(case, each) for each in (table, other)]
    return bounds[0] == bounds[1] and 1 < len(bounds[0]) <= limits.max_partitions_count


def _bounds(case: Case, table: Table) -> tuple[str, ...]:
    """Empty where a partition is partitioned again."""
    parts = case.catalog.partitions[table.oid]
    if len(parts) != len(case.catalog.leaves(table)):
        return ()
    return tuple(sorted(part.partition_bound or "" for part in parts))


def _finding(case: Case, role: str, joins: list[_Join], share: float) -> Finding:
    ordered = sorted(joins, key=lambda each: (-each.statement.total_time_ms, each.statement.id))
    names = " and ".join(sorted({table.qualified_name for table in ordered[0].tables}))
    count = len(case.catalog.partitions[ordered[0].tables[0].oid])
    return Finding(
        subject=role,
        summary=f"{role} joins {names} as a whole, which have {format_count(count)} partitions "
        f"with the same bounds ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name=_SETTING,
                value="off",
                source="pg_settings.setting, pg_db_role_setting",
            ),
            Evidence(
                name="partitions of each",
                value=count,
                unit="partitions",
                source="pg_inherits, pg_get_expr(relpartbound)",
            ),
            Evidence(
                name="statements that join them",
                value=len(joins),
                unit="statements",
                source="pg_stat_statements.query",
            ),
            share_of_time(share),
        ),
        provenance=Provenance.CATALOG,
        # That pairs can be joined is sure; whether it is faster, only a measurement tells.
        confidence=Confidence.MEDIUM,
        guards=(
            "nobody has set it, for the server, the database or the role",
            "they are joined on the whole partition key, and no single value of it is asked for",
        ),
        remedies=_remedies(case, role),
        impact=Impact(risk="one large hash or sort is made in the place of many small ones"),
        statement_ids=tuple(each.statement.id for each in ordered[:_SHOWN_COUNT]),
    )


def _remedies(case: Case, role: str) -> tuple[Action, ...]:
    return (
        change_for_role(case.snapshot.server, role, _SETTING, "on"),
        ManualSteps(
            title="See what became of it",
            steps=(
                (
                    "Compare the time of planning, too: `EXPLAIN (ANALYZE, SUMMARY)` of the "
                    "statements with it and without."
                ),
                (
                    "Where they group by the partition key as well, try "
                    "`SET enable_partitionwise_aggregate = on` in the same session."
                ),
            ),
        ),
    )
