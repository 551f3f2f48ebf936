"""Plans for unknown values that are wrong for the value that came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    PLAN_CACHE_MODE,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    at_nodes,
    format_count,
    format_ratio,
    is_plan_cache_decided,
    plan_for_each_value,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    Cause,
    Consequence,
    ExplainedEstimate,
    changed_nodes,
    consequences_of,
    explained,
    measured,
    misestimates,
    relation_of,
    setting_in_plan,
    severity_of,
    shown_condition,
    unmeasured,
)

_FORCED = "force_generic_plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How wrong a generic plan's estimate has to be."""

    min_factor_ratio: float = 10.0
    """Of the larger number of rows over the smaller one."""

    min_rows: float = 1_000.0
    """By which they differ, over all times that the node was run."""

    min_time_ms: float = 10.0
    """Of the whole execution."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def blind_generic_plan(case: Case, limits: Limits) -> Outcome:
    """A plan that was made for unknown values was executed for one that it does not fit.

    ## Why it matters
    After five executions PostgreSQL may keep one plan of a prepared statement for whatever value
    comes; its conditions have ``$1`` where others have the value.  It expects as many rows as a
    value has on average.  For the customer with most of the orders it is the wrong plan, and the
    statement that is fast in psql is slow in the application.

    ## What it leaves alone
    Plans with the values in their conditions; parameters that are results of subqueries; columns
    whose values are all about as frequent, where the snapshot tells; tables whose statistics are
    stale, which is told as a misestimate; roles for which plan_cache_mode is set.
    Of partitions the worst is told.

    ## Before you act
    The bound is the time of the node by itself and of the nodes that suffered from it.  Compare
    with the plan for that value: ``SET plan_cache_mode = force_custom_plan`` in a session.
    Planning anew costs time in each call, for all statements of the role.

    ## Example
        SET plan_cache_mode = force_generic_plan;
        PREPARE page AS SELECT * FROM orders WHERE customer_id = $1;
        EXPLAIN (ANALYZE, BUFFERS) EXECUTE page (1);
        ALTER ROLE web SET plan_cache_mode = force_custom_plan;
    """
    yield from unmeasured(case)
    yield from worst_of_each(_findings(case, limits))


def _findings(case: Case, limits: Limits) -> Iterator[Finding]:
    found = misestimates(case, min_factor=limits.min_factor_ratio, min_rows=limits.min_rows)
    for one in found:
        if one.node.total_ms < limits.min_time_ms:
            continue
        why = explained(case, one)
        if why.cause is Cause.GENERIC and not is_plan_cache_decided(case, _roles(case, why)):
            yield _finding(case, why)


def _roles(case: Case, why: ExplainedEstimate) -> tuple[str, ...]:
    statement_id = why.found.node.execution.statement_id
    known = (s for s in case.snapshot.statements if s.id == statement_id)
    statement = next(known, None)
    return statement.roles if statement is not None else ()


def _finding(case: Case, why: ExplainedEstimate) -> Finding:
    found = why.found
    consequences = consequences_of(found)
    columns = ", ".join(why.columns)
    least = "at least " if found.is_least else ""
    forced = setting_in_plan(found.node.execution, PLAN_CACHE_MODE) == _FORCED
    finding = Finding(
        subject=relation_of(case, found.node),
        summary=f"A plan for unknown values of {columns} expected "
        f"{format_count(found.expected_rows)} rows of {found.node.name}, and {least}"
        f"{format_count(found.actual_rows)} came",
        detail=" ".join(each.words for each in consequences),
        evidence=tuple(_evidence(case, why, consequences)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if why.table is not None else Confidence.MEDIUM,
        guards=(
            "its conditions have parameters in the place of values",
            *([] if forced else [f"{PLAN_CACHE_MODE} is not known to be set"]),
            "nothing above stopped it before the expected rows came",
        ),
        remedies=(_unforced() if forced else plan_for_each_value(_roles(case, why)),),
        impact=Impact(risk="it is slow for the values that the kept plan is wrong for"),
        severity=severity_of(found, consequences),
    )
    return at_nodes(finding, changed_nodes(found, consequences))


def _unforced() -> ManualSteps:
    """What to do where the session was told to take plans for unknown values."""
    return ManualSteps(
        title=f"Plan for each value: {PLAN_CACHE_MODE} is {_FORCED} here",
        steps=(
            (
                "Find who set it: pg_db_role_setting (`\\drds`) tells it of roles and databases, "
                f"`SHOW {PLAN_CACHE_MODE}` in a new session of the server; else it is in the "
                "application's code or its connection string."
            ),
            (
                f"`RESET {PLAN_CACHE_MODE}` there, or `SET LOCAL {PLAN_CACHE_MODE} = "
                "force_custom_plan` for one transaction."
            ),
        ),
    )


def _evidence(
    case: Case, why: ExplainedEstimate, consequences: Sequence[Consequence]
) -> Iterator[Evidence]:
    node = why.found.node
    yield measured(node, "rows expected each time", why.found.expected_rows, "rows", "rows")
    yield measured(node, "rows returned each time", why.found.actual_rows, "rows", "actual rows")
    for text in (node.node.index_condition, node.node.recheck_condition, node.node.filter):
        if text:
            yield measured(node, "condition", shown_condition(text))
    mode = setting_in_plan(node.execution, PLAN_CACHE_MODE)
    if mode is not None:
        source = f"{node.execution.source}, EXPLAIN (SETTINGS)"
        yield Evidence(name=PLAN_CACHE_MODE, value=mode, source=source)
    for column in why.columns:
        statistics = case.statistics_of(why.table, column) if why.table is not None else None
        if statistics is not None and statistics.most_common_ratios:
            yield Evidence(
                name=f"share of the most common value of {column}",
                value=format_ratio(max(statistics.most_common_ratios)),
                source="pg_stats.most_common_freqs",
            )
    for each in consequences:
        time_ms = sum(node.exclusive_ms for node in each.nodes)
        yield measured(each.nodes[0], "time of what was planned by it", time_ms, "ms")
