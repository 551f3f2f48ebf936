"""Statements that take longer to plan than to run."""

from collections import defaultdict
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
    SkipRule,
    Statement,
    Table,
    format_count,
    format_ms,
    format_ratio,
    rule,
)

_TRACKING = "pg_stat_statements.track_planning"
_MANY_PARTITIONS = 50
_MANY_RELATIONS = 8
"""As many as join_collapse_limit lets the planner order freely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When planning is the larger part."""

    min_planning_time_ms: float = 5.0
    """Of a call, on average."""

    min_planning_ratio: float = 0.5
    """Share of planning in the time of a statement, planning and execution together."""

    min_share_ratio: float = 0.005
    """Share of its planning in the time of the whole workload, planning and execution."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def planning_overhead(case: Case, limits: Limits) -> Outcome:
    """A statement takes longer to plan than to run.

    ## Why it matters
    A statement that is sent as text is planned anew in each call.  With many partitions, many
    joins or many indexes that takes longer than the work itself, and no index makes it shorter.

    ## What it leaves alone
    Statements whose planning takes a few milliseconds, is the smaller part, or is little against
    the whole workload.  Without ``pg_stat_statements.track_planning`` nothing is known of it.

    ## Before you act
    A prepared statement is planned five times for its values and then, if that costs no more,
    once for all.  A pooler that shares connections between transactions has to support prepared
    statements.  A generic plan may be a bad one where values differ much.

    ## Example
        SELECT query, mean_plan_time, mean_exec_time FROM pg_stat_statements
         WHERE mean_plan_time > mean_exec_time ORDER BY total_plan_time DESC LIMIT 10;
    """
    _require_tracking(case)
    total = sum(_time_ms(statement) for statement in case.snapshot.statements)
    groups: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if (
            statement.calls > 0
            and statement.planning_time_ms >= limits.min_planning_time_ms * statement.calls
            and statement.planning_time_ms >= limits.min_planning_ratio * _time_ms(statement)
        ):
            groups[case.shape_of(statement)].append(statement)
    for statements in groups.values():
        planning = sum(statement.planning_time_ms for statement in statements)
        if planning >= limits.min_share_ratio * total:
            yield _finding(case, statements, planning / total)


def _require_tracking(case: Case) -> None:
    setting = case.snapshot.server.setting(_TRACKING)
    if setting is None:
        raise SkipRule(f"{_TRACKING} is not in the snapshot")
    if setting.value != "on":
        raise SkipRule(f"{_TRACKING} is off, so the time of planning is not counted")


def _time_ms(statement: Statement) -> float:
    return statement.planning_time_ms + statement.total_time_ms


def _finding(case: Case, statements: list[Statement], share: float) -> Finding:
    statement = statements[0]
    tables = _tables(case, statement)
    names = ", ".join(sorted({table.qualified_name for table in tables}))
    planning = sum(each.planning_time_ms for each in statements)
    calls = sum(each.calls for each in statements)
    executing = sum(each.total_time_ms for each in statements)
    return Finding(
        subject=names or f"statement {statement.id}",
        identity=case.shape_of(statement),
        summary=f"A statement on {names or 'no table'} is planned for "
        f"{format_ms(planning / calls)} and runs for {format_ms(executing / calls)} in each call "
        f"(planning is {format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="planning a call",
                value=round(planning / calls, 2),
                unit="ms",
                source="pg_stat_statements.total_plan_time",
            ),
            Evidence(
                name="execution a call",
                value=round(executing / calls, 2),
                unit="ms",
                source="pg_stat_statements.total_exec_time",
            ),
            Evidence(
                name="tables and partitions",
                value=sum(len(case.catalog.leaves(table)) for table in tables),
                source="pg_inherits",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "the time of planning is counted",
            "planning is the larger part, and not short",
        ),
        remedies=(ManualSteps(title="Plan less", steps=tuple(_steps(case, tables))),),
        impact=Impact(risk="each call is planned before it runs, and no index shortens that"),
        statement_ids=tuple(each.id for each in statements),
    )


def _tables(case: Case, statement: Statement) -> tuple[Table, ...]:
    """The tables of a statement, one for each time that it reads them."""
    usage = case.usage.get(statement.id)
    found = (
        case.catalog.tables.get(relation.table_oid)
        for relation in (usage.relations if usage else ())
    )
    return tuple(table for table in found if table is not None)


def _steps(case: Case, tables: tuple[Table, ...]) -> Iterator[str]:
    for table in dict.fromkeys(tables):
        parts = len(case.catalog.leaves(table))
        if parts >= _MANY_PARTITIONS and table.partition_key is not None:
            yield (
                f"{table.qualified_name} has {format_count(parts)} partitions: compare its key, "
                f"{table.partition_key}, with a constant or a parameter, so that the planner "
                "leaves the others out; or make fewer, larger partitions."
            )
    if len(tables) > _MANY_RELATIONS:
        yield (
            f"It reads {len(tables)} tables, views looked through: join fewer of them, or split "
            "it in two. Where it is written with JOIN, `SET LOCAL join_collapse_limit = 1` has no "
            "other order looked for than that of the text, which has to be a good one then."
        )
    yield (
        "Prepare it: let the driver use server-side prepared statements, and see that a pooler "
        "keeps them (`max_prepared_statements` in PgBouncer 1.21 and later)."
    )
    yield (
        "If it is still planned for its values in each call, `SET plan_cache_mode = "
        "force_generic_plan` for its role or transaction, and compare the plans."
    )
