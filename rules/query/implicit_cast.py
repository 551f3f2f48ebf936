"""Columns that PostgreSQL converts before it compares them, so that no index serves."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    PlanNode,
    PredicateKind,
    Provenance,
    RelationKind,
    RelationUsage,
    Severity,
    Skipped,
    Statement,
    StatementKind,
    StatementUsage,
    Table,
    blocks_per_call,
    format_count,
    format_ratio,
    is_implicit_cast,
    plan_of,
    rule,
    time_evidence,
    writes_cast,
)

_CONVERTED = re.compile(r'\("?(\w+)"?\."?(\w+)"?\)::(numeric|double precision|real|text)\b')
_OTHER = "another type"
"""What the driver sent, where nothing but the blocks tells that it was not the column's type."""
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_BLOCKING = {
    **dict.fromkeys(_INTEGERS, frozenset({"numeric", "double precision", "real"})),
    "numeric": frozenset({"double precision", "real"}),
    "character": frozenset({"text"}),
}
"""What a column of a type is converted to, where no operator class compares the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements are worth a change."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""

    min_read_ratio: float = 0.5
    """Share of the table's blocks that a look-up by a unique key touches in a call, on average,
    and its sequential scans as a share of the calls: with the index it would touch a handful."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversion:
    """A statement, and a column that it makes PostgreSQL convert."""

    statement: Statement
    table: Table
    column: str
    type_name: str
    target: str
    condition: str
    source: str


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def implicit_cast(case: Case, limits: Limits) -> Outcome:
    """A column is converted to the other side's type, so that its index cannot serve.

    ## Why it matters
    Where ``id bigint`` is compared with a numeric, PostgreSQL converts every id to numeric: the
    index on id is of bigints, and is of no use.  The cause is a parameter that the driver sends
    as a decimal or a float, or a join with a column of another type.

    ## What it leaves alone
    Conversions that change nothing (varchar to text) and types that compare with each other
    (integer and bigint, date and timestamp); casts that the statement itself writes; joins on a
    column that no index begins with; small tables and statements with little time.  Joins need
    the original server's plan of the statement.  What type the driver sends for a parameter
    without a cast is not recorded: it shows only where a look-up by a unique key touches most of
    the table, and the table is scanned as often.  Other such cases show in auto_explain.

    ## Before you act
    Where it is known by the blocks alone, see that the index is not younger than the counters.
    Casting the parameter rounds or refuses what is no whole number, where the old comparison
    just found nothing.  Changing a column's type rewrites the table.

    ## Example
        SELECT * FROM orders WHERE id = $1::numeric;
        SELECT * FROM orders WHERE id = $1::bigint;
    """
    groups: dict[tuple[str, str, str], list[_Conversion]] = defaultdict(list)
    missing = 0
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        if usage is None or case.share_of_all((statement,)) < limits.min_share_ratio:
            continue
        found = list(_of_parameters(case, statement, usage))
        found += _of_lookups(case, statement, usage, limits)
        if len(usage.relations) > 1:
            plan = plan_of(case, statement)
            if isinstance(plan, Skipped):
                missing += 1
            else:
                found += _of_joins(case, statement, plan.root)
        for one in found:
            groups[one.table.qualified_name, one.column, case.shape_of(statement)].append(one)
    for conversions in groups.values():
        yield _finding(case, conversions)
    if missing:
        subject = f"{format_count(missing)} statement{'' if missing == 1 else 's'} with joins"
        reason = "the original server's plan is not in the snapshot"
        yield Skipped(rule_id="", subject=subject, reason=reason)


def _of_parameters(
    case: Case, statement: Statement, usage: StatementUsage
) -> Iterator[_Conversion]:
    """Columns that are compared with a parameter or a constant of another type."""
    for relation in usage.relations:
        table = case.catalog.tables.get(relation.table_oid)
        if table is None or not case.is_large_enough(case.catalog.root_of(table)):
            continue
        for wrapped in relation.wrapped:
            type_name = _type_of(table, wrapped.column)
            target = wrapped.wrapper.removeprefix("::")
            is_blocking = target in _BLOCKING.get(type_name, ())
            if is_blocking and is_implicit_cast(wrapped, statement.text):
                yield _Conversion(
                    statement=statement,
                    table=case.catalog.root_of(table),
                    column=wrapped.column,
                    type_name=type_name,
                    target=target,
                    condition=f"{wrapped.column} {wrapped.operator} {wrapped.other_side or '...'}",
                    source="pg_stat_statements.query",
                )


def _of_lookups(
    case: Case, statement: Statement, usage: StatementUsage, limits: Limits
) -> Iterator[_Conversion]:
    """Unique keys that a statement gives, and reads the table all the same."""
    if usage.kind is not StatementKind.SELECT or len(usage.relations) != 1 or usage.functions:
        return  # what else a statement does touches blocks, too
    [relation] = usage.relations
    table = case.catalog.tables.get(relation.table_oid)
    if (
        table is None
        or table.kind is not RelationKind.TABLE
        or table.is_partition
        or table.has_row_security
        or not case.is_large_enough(table)
    ):
        return
    blocks = case.size_of(table) / case.snapshot.server.block_size_bytes
    scans = case.catalog.activity_of(table).sequential_scans
    if (
        statement.blocks_per_call < limits.min_read_ratio * blocks
        or scans < limits.min_read_ratio * statement.calls
    ):
        return
    for column, parameter in _unique_parameters(case, table, relation):
        yield _Conversion(
            statement=statement,
            table=table,
            column=column,
            type_name=_type_of(table, column),
            target=_OTHER,
            condition=f"{column} = ${parameter}",
            source="pg_stat_statements.query",
        )


def _unique_parameters(
    case: Case, table: Table, relation: RelationUsage
) -> Iterator[tuple[str, int]]:
    keys = {
        index.key_columns[0]
        for index in case.indexes_of(table)
        if index.is_unique
        and index.is_valid
        and index.predicate is None
        and len(index.key_columns) == 1
    }
    for one in relation.predicates:
        is_given = one.kind is PredicateKind.EQUALITY and not one.is_optional
        may_differ = one.column in keys and _type_of(table, one.column) in _BLOCKING
        if is_given and may_differ and one.parameter is not None:
            yield one.column, one.parameter


def _of_joins(case: Case, statement: Statement, root: PlanNode) -> Iterator[_Conversion]:
    """Columns with an index that a join converts, or a comparison with a subquery's result."""
    nodes = tuple(root.walk())
    by_alias = {node.alias or node.relation: node for node in nodes if node.relation}
    for node in nodes:
        filtered = node.filter if node.node_type == "Seq Scan" else None
        for condition in (node.join_filter, node.hash_condition, node.merge_condition, filtered):
            for alias, column, target in _CONVERTED.findall(condition or ""):
                scan = by_alias.get(alias)
                table = None if scan is None else _table(case, scan)
                if table is None or writes_cast(statement.text, column):
                    continue
                type_name = _type_of(table, column)
                if target in _BLOCKING.get(type_name, ()) and _is_indexed(case, table, column):
                    yield _Conversion(
                        statement=statement,
                        table=case.catalog.root_of(table),
                        column=column,
                        type_name=type_name,
                        target=target,
                        condition=condition or "",
                        source="EXPLAIN on the original server",
                    )


def _table(case: Case, scan: PlanNode) -> Table | None:
    table = case.catalog.tables_by_name.get((scan.schema or "", scan.relation or ""))
    if table is None or not case.is_large_enough(case.catalog.root_of(table)):
        return None
    return table


def _type_of(table: Table, name: str) -> str:
    column = table.column(name)
    return "" if column is None else (column.base_type_name or column.type_name).split("(")[0]


def _is_indexed(case: Case, table: Table, column: str) -> bool:
    return any(
        index.is_valid and index.key_columns[:1] == (column,) for index in case.indexes_of(table)
    )


def _finding(case: Case, found: Sequence[_Conversion]) -> Finding:
    first = found[0]
    statements = tuple({each.statement.id: each.statement for each in found}.values())
    share = case.share_of_all(statements)
    is_seen = first.target != _OTHER
    subject = f"{first.table.qualified_name}.{first.column}"
    return Finding(
        subject=subject,
        identity=f"{subject}:{case.shape_of(first.statement)}",
        summary=f"{subject} is converted from {first.type_name} to {first.target} in a "
        f"comparison, which keeps indexes out ({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="condition",
                value=first.condition,
                source=first.source,
            ),
            *(
                ()
                if is_seen
                else (blocks_per_call(first.statement), _sequential_scans(case, first))
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.CATALOG if is_seen else Provenance.STATISTICS,
        confidence=Confidence.HIGH if is_seen else Confidence.MEDIUM,
        guards=("the statement does not ask for it", "no operator compares the two types")
        if is_seen
        else ("the column is a unique key", "the table is scanned as often as it is asked"),
        remedies=(_remedy(first),),
        impact=Impact(risk="every row is read and converted, whatever indexes there are"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _sequential_scans(case: Case, found: _Conversion) -> Evidence:
    return Evidence(
        name="sequential scans of the table",
        value=case.catalog.activity_of(found.table).sequential_scans,
        unit="scans",
        source="pg_stat_user_tables.seq_scan",
    )


def _remedy(found: _Conversion) -> ManualSteps:
    return ManualSteps(
        title=f"Compare {found.table.qualified_name}.{found.column} with a {found.type_name}",
        steps=(
            (
                f"Cast the other side, `...::{found.type_name}`, or let the driver send a "
                f"{found.type_name}: an int or a long, no Decimal and no float, where it is a "
                "number."
            ),
            "Where it is a column of another table, give both the same type in the long run.",
        ),
    )
