"""Short executions of which just-in-time compilation took much."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    change_for_role,
    format_count,
    format_ms,
    format_ratio,
    raised_jit_cost,
    rule,
    value_for_role,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    JIT_ABOVE_COST,
    USUAL_JIT_ABOVE_COST,
    at_plan,
    executed_roots,
    is_maintenance,
    of_plan,
    role_of,
    setting_in_plan,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When compiling took too much."""

    min_jit_time_ms: float = 20.0
    """What compiling took, in all processes."""

    min_jit_ratio: float = 0.2
    """The same as a share of the execution."""

    max_execution_time_ms: float = 1_000.0
    """What takes longer without it may well gain by it."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def compilation_dominates(case: Case, limits: Limits) -> Outcome:
    """Just-in-time compilation takes a large part of a short execution.

    ## Why it matters
    PostgreSQL compiles the expressions of a statement whose cost is above ``jit_above_cost``,
    anew in each execution and in each parallel worker.  It takes tens or hundreds of
    milliseconds, which pays off over millions of rows only.

    ## What it leaves alone
    Executions that take a second or more besides, which may gain; those in which compiling is
    short or a small part; and statements that build or refresh something.  What can be saved is
    at most what EXPLAIN says that compiling took: less, as expressions that are not compiled
    run somewhat slower.

    ## Before you act
    Raise the bound for the role or the transaction that runs it, not for the server.  Where far
    fewer rows came than were expected, the estimate made the statement look expensive: see to
    that first.

    ## Example
        EXPLAIN (ANALYZE) SELECT status, sum(total) FROM orders GROUP BY status;
        -- JIT: ... Timing: ... Total 148.317 ms  Execution Time: 201.455 ms
        ALTER ROLE web IN DATABASE shop SET jit_above_cost = 1000000;
        ALTER ROLE web IN DATABASE shop RESET jit_above_cost;  -- the way back
    """
    yield from unmeasured(case)
    found = (
        _finding(case, root, jit_ms, took_ms)
        for root in executed_roots(case)
        if (jit_ms := _jit_ms(root)) > 0
        and jit_ms >= limits.min_jit_time_ms
        and (took_ms := _took_ms(root)) > 0
        and jit_ms >= limits.min_jit_ratio * took_ms
        and took_ms - jit_ms < limits.max_execution_time_ms
        and not is_maintenance(root.execution)
    )
    yield from worst_of_each(found)


def _jit_ms(root: PlacedNode) -> float:
    """In the leader and, added up, in the workers; never more than all took."""
    jit = root.execution.plan.jit
    return min(jit.total_time_ms or 0.0, _took_ms(root)) if jit is not None else 0.0


def _took_ms(root: PlacedNode) -> float:
    return max(root.execution.plan.execution_time_ms or 0.0, root.total_ms)


def _finding(case: Case, root: PlacedNode, jit_ms: float, took_ms: float) -> Finding:
    jit = root.execution.plan.jit
    functions = jit.functions if jit is not None else 0
    finding = Finding(
        subject="just-in-time compilation",
        summary=f"Compilation takes {format_ms(jit_ms)} of {format_ms(took_ms)} "
        f"({format_ratio(jit_ms / took_ms)})",
        detail=f"{format_count(functions)} functions were compiled for this one execution.",
        evidence=tuple(_evidence(root, jit_ms, took_ms)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("the rest of the execution is too short to gain by it",),
        remedies=_remedies(case, root),
    )
    return at_plan(finding, root, "jit", saved_ms=jit_ms)


def _evidence(root: PlacedNode, jit_ms: float, took_ms: float) -> Iterator[Evidence]:
    plan = root.execution.plan
    yield of_plan(root, "compilation", jit_ms, "ms")
    yield of_plan(root, "execution", took_ms, "ms")
    yield of_plan(root, "cost of the plan", plan.total_cost)
    yield of_plan(root, "rows expected", plan.root.rows, "rows")
    yield of_plan(root, "rows returned", root.use.rows, "rows")


def _remedies(case: Case, root: PlacedNode) -> tuple[Action, ...]:
    server, role = case.snapshot.server, role_of(case, root)
    setting = server.setting(JIT_ABOVE_COST)
    of_role = value_for_role(server, role, JIT_ABOVE_COST) if role is not None else None
    told = setting_in_plan(root.execution, JIT_ABOVE_COST)
    known = (told, of_role, setting.value if setting is not None else None)
    bounds = [float(value) for value in known if value] or [USUAL_JIT_ABOVE_COST]
    bound = str(raised_jit_cost([root.execution.plan.total_cost], bounds))
    steps = [
        "Run `ANALYZE` where far fewer rows came than were expected: it may then not compile.",
        (
            f"For this statement alone: `BEGIN; SET LOCAL {JIT_ABOVE_COST} = {bound};`, then the "
            "statement, then `COMMIT`."
        ),
    ]
    if role is None or setting is None:
        steps.append(
            f"For the role that runs it: `ALTER ROLE ... SET {JIT_ABOVE_COST} = {bound}`; the way "
            f"back is `ALTER ROLE ... RESET {JIT_ABOVE_COST}`."
        )
    manual = ManualSteps(title="Compile none but long statements", steps=tuple(steps))
    if role is None or setting is None:
        return (manual,)
    return change_for_role(server, role, JIT_ABOVE_COST, bound), manual
