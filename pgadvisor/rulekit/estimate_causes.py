"""Why an estimate of rows is wrong, as far as its conditions and the statistics tell.

Each misestimate has one cause here, so that the rules that report them share them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.plan_condition import PlanCondition
from pgadvisor.model.schema import Table
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse.plans.condition import conditions_of, key_of
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import table_of
from pgadvisor.rulekit.misestimates import JOINS, SCANS, Misestimate
from pgadvisor.rulekit.scan_conditions import own_name, scan_conditions
from pgadvisor.rulekit.staleness import staleness_of

_MIN_MODIFIED_RATIO = 0.1
_MIN_UNEVENNESS = 10.0
_PAIR = 2
_RETURNED = re.compile(r"\$([0-9]+)")
_WORKS_ON_DATA = frozenset({PredicateKind.RANGE, PredicateKind.PATTERN, PredicateKind.OTHER})


class Cause(StrEnum):
    """Why an estimate is wrong."""

    STALE = "stale"
    """The table has changed since ANALYZE, or was never analysed."""
    GENERIC = "generic"
    """The plan was made for unknown values."""
    CORRELATED = "correlated"
    """Several columns are compared that depend on each other."""
    GROUPS = "groups"
    """Rows are grouped by several columns that depend on each other."""
    EXPRESSION = "expression"
    """An expression is compared of which there are no statistics."""
    FUNCTION = "function"
    """A function returns the rows."""
    JOIN = "join"
    """How many rows of one side have a partner on the other."""
    VALUES = "values"
    """The statistics of a column do not tell how often the value is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedEstimate:
    """A misestimate with its cause."""

    found: Misestimate
    cause: Cause
    table: Table | None = None
    """None: it is of no table, or the snapshot does not have it."""
    conditions: tuple[PlanCondition, ...] = ()
    columns: tuple[str, ...] = ()
    """Those that the cause is about."""
    alias: str | None = None
    """Of GROUPS: the table that the columns are of."""


def explained(case: Case, found: Misestimate) -> ExplainedEstimate:
    """Tell why an estimate is wrong."""
    node = found.node.node
    if node.group_keys:
        return _of_groups(case, found)
    if node.node_type in JOINS:
        text = node.hash_condition or node.merge_condition or node.join_filter
        return ExplainedEstimate(found=found, cause=Cause.JOIN, conditions=conditions_of(text))
    conditions = scan_conditions(node)
    if node.node_type not in SCANS or node.relation is None:
        return ExplainedEstimate(found=found, cause=Cause.FUNCTION, conditions=conditions)
    table = table_of(case, node)
    cause, columns = _of_scan(case, found, table, conditions)
    return ExplainedEstimate(
        found=found, cause=cause, table=table, conditions=conditions, columns=columns
    )


def equal_columns(conditions: tuple[PlanCondition, ...]) -> tuple[str, ...]:
    """The columns that are compared with one value each."""
    found = (c.column for c in conditions if c.kind is PredicateKind.EQUALITY and c.column)
    return tuple(dict.fromkeys(found))


def has_statistics_on(case: Case, table: Table, columns: tuple[str, ...], kinds: str) -> bool:
    """An object of CREATE STATISTICS covers all these columns, with one of these kinds."""
    return any(
        statistics.table_oid == table.oid
        and set(columns) <= set(statistics.columns)
        and bool(set(kinds) & set(statistics.kinds))
        for statistics in case.snapshot.extended_statistics
    )


def has_statistics_of_all(case: Case, table: Table, columns: tuple[str, ...]) -> bool:
    """Each column by itself was analysed."""
    return all(
        case.statistics_of(table, column) is not None
        or case.own_statistics_of(table, column) is not None
        for column in columns
    )


def _of_scan(
    case: Case, found: Misestimate, table: Table | None, conditions: tuple[PlanCondition, ...]
) -> tuple[Cause, tuple[str, ...]]:
    all_columns = tuple(dict.fromkeys(name for c in conditions for name in c.columns))
    if table is not None and staleness_of(case, table).is_stale(_MIN_MODIFIED_RATIO):
        return Cause.STALE, all_columns
    blind = tuple(_blind_columns(case, found.node.execution.plan, table, conditions))
    if blind:
        return Cause.GENERIC, blind
    equal = equal_columns(_without_joins(conditions, own_name(found.node.node)))
    is_known = table is not None and (
        has_statistics_on(case, table, equal, "fm") or not has_statistics_of_all(case, table, equal)
    )
    # Values that go together are expected too rarely.
    if len(equal) >= _PAIR and not is_known and found.is_underestimate:
        return Cause.CORRELATED, equal
    if any(c.expression for c in conditions):
        return Cause.EXPRESSION, all_columns
    return Cause.VALUES, all_columns


def _without_joins(
    conditions: tuple[PlanCondition, ...], own: str | None
) -> tuple[PlanCondition, ...]:
    """Those that compare with a value, and with no other row's."""
    return tuple(c for c in conditions if set(c.tables) <= {own} and c.other_column is None)


def _blind_columns(
    case: Case, plan: ExecutedPlan, table: Table | None, conditions: tuple[PlanCondition, ...]
) -> Iterator[str]:
    """Columns whose value the planner did not know, though it matters which one it is."""
    if not any(condition.parameters for condition in conditions):
        return
    computed = _computed_parameters(plan)
    for condition in conditions:
        if not set(condition.parameters) - computed:
            continue
        if condition.kind in _WORKS_ON_DATA or condition.column is None:
            yield from condition.columns
        elif table is None or _is_uneven(case, table, condition.column):
            yield condition.column


def _computed_parameters(plan: ExecutedPlan) -> set[int]:
    """Numbers of ``$n`` that are results of subqueries, and no values that were given."""
    names = (node.subplan_name or "" for node in plan.root.walk() if node.parent_relationship)
    return {
        int(number) for name in names if "(returns " in name for number in _RETURNED.findall(name)
    }


def _is_uneven(case: Case, table: Table, column: str) -> bool:
    """Some value is far more frequent than values are on average; not known: it may be."""
    statistics = case.statistics_of(table, column)
    if statistics is None or not statistics.most_common_ratios:
        return statistics is None
    rows = case.catalog.rows_now(table)
    highest = max(statistics.most_common_ratios)
    return highest * statistics.distinct_count(rows) >= _MIN_UNEVENNESS


def _of_groups(case: Case, found: Misestimate) -> ExplainedEstimate:
    keys = [key for text in found.node.node.group_keys if (key := key_of(text)) is not None]
    aliases: set[str | None] = {alias for key in keys for alias in key.tables or (None,)}
    columns = tuple(dict.fromkeys(key.column for key in keys if key.column))
    scans = [
        below
        for below in found.node.walk()
        if below.node.relation is not None
        and (aliases == {None} or own_name(below.node) in aliases)
    ]
    table = table_of(case, scans[0].node) if len(scans) == 1 else None
    is_one = len(aliases) == 1 and len(scans) == 1 and len(columns) == len(keys)
    if not is_one or (table is not None and has_statistics_on(case, table, columns, "d")):
        columns = ()
    is_fewer = not found.is_underestimate  # groups of what goes together are expected too often
    cause = Cause.GROUPS if len(columns) >= _PAIR and is_fewer else Cause.VALUES
    if any(key.expression or not key.column for key in keys):
        cause = Cause.EXPRESSION
    if table is not None and staleness_of(case, table).is_stale(_MIN_MODIFIED_RATIO):
        cause = Cause.STALE
    return ExplainedEstimate(
        found=found,
        cause=cause,
        table=table,
        conditions=tuple(keys),
        columns=columns or tuple(k.column for k in keys if k.column),
        alias=scans[0].node.relation if is_one else None,
    )
