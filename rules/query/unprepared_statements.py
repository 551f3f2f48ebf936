"""Roles whose short statements are planned anew in each call."""

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
    format_count,
    format_ms,
    format_ratio,
    rule,
)

_TRACKING = "pg_stat_statements.track_planning"
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When planning short statements anew takes too much."""

    max_planning_time_ms: float = 5.0
    """Of a call; what takes longer to plan has another reason, and another rule."""

    min_planning_ratio: float = 0.3
    """Share of planning in the time of a statement, planning and execution together."""

    min_calls_per_day_count: float = 8_640_000.0
    """Of all such statements of a role: a hundred a second."""

    min_share_ratio: float = 0.05
    """Share of their planning in the time of the whole workload, planning and execution."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def unprepared_statements(case: Case, limits: Limits) -> Outcome:
    """Short statements of a role are planned anew in each call.

    ## Why it matters
    A look-up by key takes a few hundredths of a millisecond, and planning it as much again.  A
    prepared statement is parsed once in a session, and after five calls it is mostly planned once
    for all.  At thousands of calls a second that is a good part of a processor.

    ## What it leaves alone
    Fewer than a hundred calls a second; statements of whose time planning is the smaller part;
    those that take more than five milliseconds to plan, which another rule reports; and a role
    whose planning is little against the whole workload.  Without
    ``pg_stat_statements.track_planning`` nothing is known of it.

    ## Before you act
    A pooler that shares connections between transactions has to know prepared statements:
    PgBouncer does from 1.21 on, with ``max_prepared_statements``.  Statements that are made of
    pieces, with a list of another length each time, want ``= ANY($1)`` first.  A generic plan may
    be a bad one where values differ much.

    ## Example
        -- PostgreSQL's JDBC driver prepares from the fifth execution on:
        jdbc:postgresql://db/shop?prepareThreshold=5
        -- psycopg 3 does as well: psycopg.connect(..., prepare_threshold=5)
    """
    setting = case.snapshot.server.setting(_TRACKING)
    if setting is None:
        raise SkipRule(f"{_TRACKING} is not in the snapshot")
    if setting.value != "on":
        raise SkipRule(f"{_TRACKING} is off, so the time of planning is not counted")
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    total = sum(_time_ms(statement) for statement in case.snapshot.statements)
    by_role: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if statement.roles and statement.is_top_level and _is_planned_anew(statement, limits):
            by_role[statement.roles[0]].append(statement)
    for role, statements in sorted(by_role.items()):
        per_day = sum(case.calls_per_day(statement) or 0.0 for statement in statements)
        planning = sum(statement.planning_time_ms for statement in statements)
        is_much = planning >= limits.min_share_ratio * total
        if is_much and per_day >= limits.min_calls_per_day_count:
            yield _finding(role, statements, per_day, planning / total)


def _is_planned_anew(statement: Statement, limits: Limits) -> bool:
    return (
        0 < statement.planning_time_ms <= limits.max_planning_time_ms * statement.calls
        and statement.planning_time_ms >= limits.min_planning_ratio * _time_ms(statement)
    )


def _time_ms(statement: Statement) -> float:
    return statement.planning_time_ms + statement.total_time_ms


def _finding(role: str, statements: list[Statement], per_day: float, share: float) -> Finding:
    ordered = sorted(statements, key=lambda each: (-each.planning_time_ms, each.id))
    return Finding(
        subject=role,
        summary=f"{role} runs {format_count(per_day)} short statements a day that are planned "
        f"anew each time: {format_ratio(share)} of all time is their planning",
        evidence=tuple(_evidence(statements, per_day, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("the time of planning is counted", "they are short to plan, and many"),
        remedies=(_remedy(role),),
        impact=Impact(risk="a processor is busy with plans that were made a moment ago"),
        statement_ids=tuple(statement.id for statement in ordered[:_SHOWN_COUNT]),
    )


def _evidence(statements: list[Statement], per_day: float, share: float) -> Iterator[Evidence]:
    calls = sum(statement.calls for statement in statements)
    planning = sum(statement.planning_time_ms for statement in statements)
    executing = sum(statement.total_time_ms for statement in statements)
    yield Evidence(
        name="calls a day", value=round(per_day), unit="calls", source="pg_stat_statements.calls"
    )
    yield Evidence(
        name="planning a call",
        value=format_ms(planning / calls),
        source="pg_stat_statements.total_plan_time",
    )
    yield Evidence(
        name="execution a call",
        value=format_ms(executing / calls),
        source="pg_stat_statements.total_exec_time",
    )
    yield Evidence(
        name="share of planning in all time",
        value=round(share, 4),
        unit="ratio",
        source="pg_stat_statements.total_plan_time, total_exec_time",
    )


def _remedy(role: str) -> ManualSteps:
    return ManualSteps(
        title=f"Let the programs of {role} prepare their statements",
        steps=(
            (
                "Switch on what the driver has for it: `prepare_threshold` in psycopg, "
                "`prepareThreshold` in JDBC, `prepared_statements: true` in Rails, "
                "`statement_cache_capacity` in sqlx, `Max Auto Prepare` in Npgsql."
            ),
            (
                "See that a pooler keeps them: `max_prepared_statements` in PgBouncer 1.21 and "
                "later; before, in session mode only."
            ),
            (
                "Then compare the same counters: `SELECT query, plans, calls FROM "
                "pg_stat_statements` should show fewer plans than calls."
            ),
        ),
    )
