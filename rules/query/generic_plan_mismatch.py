"""Prepared statements that go on with one plan for all values, and a bad one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.rulekit import (
    PLAN_CACHE_MODE,
    Case,
    Choice,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    PlansByValue,
    PlanVariant,
    Provenance,
    Severity,
    Skipped,
    SkipRule,
    Statement,
    ValueKind,
    costed_rule,
    format_ms,
    format_ratio,
    is_plan_cache_decided,
    plan_for_each_value,
    tables_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When one plan for all values is a bad bargain."""

    min_cost_ratio: float = 10.0
    """Between the cost of the plan for unknown values and that of another plan for some values,
    whichever is higher."""

    min_calls_ratio: float = 0.01
    """Share of the calls that ask for such values."""

    min_deviation_ratio: float = 2.0
    """Standard deviation of the time of a call over its mean: some calls take far longer."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mismatch:
    """A statement with the plans that the generic one stands in for."""

    statement: Statement
    generic_cost: float
    apart: tuple[PlanVariant, ...]


@costed_rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def generic_plan_mismatch(case: Case, choice: Choice, limits: Limits) -> Outcome:
    """A prepared statement keeps one plan, where some values need another.

    ## Why it matters
    After five executions PostgreSQL may keep one plan of a prepared statement for whatever value
    comes: it saves planning, and is made without knowing the value.  Where values are unevenly
    spread, the index that is right for most of them reads most of the table for one, and the
    statement that is fast in psql is slow in the application, for that customer.

    ## What it leaves alone
    Statements of which PostgreSQL would not keep the generic plan; values that get the same plan,
    or one of a similar cost; values that hardly any call asks for; ranges, as no statistics tell
    how wide the ones are that are asked for; statements whose calls take about the same time, or
    little time together; and roles for which plan_cache_mode is set.

    ## Before you act
    It holds where the driver prepares statements on the server.  The costs tell that values need
    other plans, and the times that some calls take far longer; that the kept plan is the reason,
    they do not tell: look at both plans for such a value with EXPLAIN (ANALYZE, BUFFERS), under
    ``plan_cache_mode`` force_generic_plan and force_custom_plan.  Planning anew costs time in
    each call.  Each row's values are taken for equally likely to be asked for.

    ## Example
        ALTER ROLE web SET plan_cache_mode = force_custom_plan;
    """
    if choice.unavailable_reason:
        raise SkipRule(choice.unavailable_reason)
    known = {statement.id: statement for statement in case.snapshot.statements}
    groups: dict[str, list[_Mismatch]] = defaultdict(list)
    for plans in case.plans_by_value:
        statement = known.get(plans.statement_id)
        if (
            statement is None
            or not _varies(statement, limits)
            or is_plan_cache_decided(case, statement.roles)
        ):
            continue
        found = _mismatch(statement, plans, limits)
        if found is None or case.share_of_all((statement,)) < limits.min_share_ratio:
            continue
        if plans.keeps_generic is None:
            reason = "whether PostgreSQL would keep its generic plan is not known"
            yield Skipped(rule_id="", subject=f"statement {statement.id}", reason=reason)
        else:
            groups[case.shape_of(statement)].append(found)
    for mismatches in groups.values():
        yield _finding(case, mismatches)


def _varies(statement: Statement, limits: Limits) -> bool:
    least = limits.min_deviation_ratio * statement.mean_time_ms
    return statement.calls > 0 and statement.stddev_time_ms >= least


def _mismatch(statement: Statement, plans: PlansByValue, limits: Limits) -> _Mismatch | None:
    generic = plans.generic_cost
    if plans.keeps_generic is False or not plans.is_notable or not generic:
        return None
    apart = tuple(
        variant
        for variant in map(_without_ranges, plans.variants)
        if variant.members
        and not variant.is_generic
        and _times(variant.mean_cost, generic) >= limits.min_cost_ratio
    )
    if not apart or sum(variant.weight for variant in apart) < limits.min_calls_ratio:
        return None
    return _Mismatch(statement=statement, generic_cost=generic, apart=apart)


def _without_ranges(variant: PlanVariant) -> PlanVariant:
    """Only what is asked for as often as statistics tell: the width of a range is nobody's word."""
    members = tuple(
        member
        for member in variant.members
        if not any(each.kind is ValueKind.RANGE for each in member.classes)
    )
    return replace(variant, members=members)


def _times(first: float, second: float) -> float:
    """The higher cost over the lower one."""
    low, high = sorted((first, second))
    return high / low if low > 0 else 1.0


def _finding(case: Case, found: Sequence[_Mismatch]) -> Finding:
    first = found[0]
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first.statement)
    share = case.share_of_all(statements)
    calls = sum(variant.weight for variant in first.apart)
    return Finding(
        subject=name,
        identity=case.shape_of(first.statement),
        summary=f"Prepared, a statement on {name} keeps one plan, and {format_ratio(calls)} of "
        f"its calls ask for values that need another ({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(case, first, statements)),
        provenance=Provenance.SIMULATED,
        confidence=Confidence.LOW,
        guards=(
            f"{PLAN_CACHE_MODE} is not set for those who run it",
            "PostgreSQL would keep the plan for unknown values",
            "the time of its calls varies",
        ),
        remedies=(plan_for_each_value(first.statement.roles),),
        impact=Impact(risk="it may be slow for the values that the kept plan is wrong for"),
        statement_ids=tuple(each.id for each in statements),
    )


def _evidence(
    case: Case, found: _Mismatch, statements: tuple[Statement, ...]
) -> Iterator[Evidence]:
    yield Evidence(
        name="cost of the plan for unknown values",
        value=round(found.generic_cost, 2),
        source="EXPLAIN by the what-if planner",
    )
    for variant in found.apart:
        yield Evidence(
            name=f"cost of the plan with {', '.join(variant.nodes) or 'other joins'}",
            value=round(variant.mean_cost, 2),
            source="EXPLAIN by the what-if planner",
        )
    yield Evidence(
        name="mean time of a call, and how much it varies",
        value=f"{format_ms(statements[0].mean_time_ms)}, "
        f"standard deviation {format_ms(statements[0].stddev_time_ms)}",
        source="pg_stat_statements.mean_exec_time, stddev_exec_time",
    )
    yield Evidence(
        name="share of execution time",
        value=round(case.share_of_all(statements), 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )
