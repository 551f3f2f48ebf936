"""Short statements that spend much of their time on being compiled."""

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
    Severity,
    SkipRule,
    Statement,
    change_for_role,
    format_count,
    format_ms,
    format_ratio,
    raised_jit_cost,
    rule,
    value_for_role,
)

_SETTING = "jit_above_cost"
_FIRST_VERSION = (1, 10)
"""Of pg_stat_statements that counts the time of compilation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When compiling costs more than it gains."""

    min_jit_ratio: float = 0.2
    """Share of compilation in a statement's execution time."""

    max_mean_time_ms: float = 1_000.0
    """What takes longer may well gain by it."""

    min_share_ratio: float = 0.005
    """Share of the workload's execution time that the compilation of all of them takes."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def jit_overhead(case: Case, limits: Limits) -> Outcome:
    """Short statements spend much of their time on just-in-time compilation.

    ## Why it matters
    PostgreSQL compiles the expressions of a statement that looks expensive, anew in each
    execution.  It takes tens or hundreds of milliseconds and pays off over millions of rows.  A
    statement that takes half a second and was only thought to be expensive waits in vain: its
    cost is overestimated, or adds up over many partitions.

    ## What it leaves alone
    Statements that take a second or more, which may gain; those in which compilation is a small
    part; workloads in which all of it together is little; and servers with ``jit`` off.

    ## Before you act
    Raise the bound for the roles that run short statements, not for the server: reports of
    another role may gain by compilation.  It holds for new sessions only.  That the planner
    expects far too many rows is the cause as often as not, so see to stale statistics first.
    Where a role runs nothing that takes long, ``jit`` off for it does as well.

    ## Example
        SELECT query, jit_functions, jit_generation_time FROM pg_stat_statements
         ORDER BY jit_generation_time DESC LIMIT 10;
        ALTER ROLE web IN DATABASE shop SET jit_above_cost = 1000000;
        ALTER ROLE web IN DATABASE shop RESET jit_above_cost;  -- the way back
    """
    _require_counters(case)
    jit = case.snapshot.server.setting("jit")
    if jit is not None and jit.value == "off":
        return
    statements = tuple(
        statement
        for statement in case.snapshot.statements
        if statement.jit_time_ms > 0 < statement.total_time_ms
        and statement.mean_time_ms < limits.max_mean_time_ms
        and statement.jit_time_ms >= limits.min_jit_ratio * statement.total_time_ms
    )
    spent = sum(statement.jit_time_ms for statement in statements)
    if statements and spent >= limits.min_share_ratio * case.total_time_ms:
        yield _finding(case, statements, spent)


def _require_counters(case: Case) -> None:
    info = case.snapshot.server.statements_info
    if info is None:
        raise SkipRule("pg_stat_statements is not usable, and nothing else counts compilation")
    if info.version < _FIRST_VERSION:
        raise SkipRule(
            f"pg_stat_statements {info.extension_version} does not count compilation; version "
            "1.10 does (PostgreSQL 15, and ALTER EXTENSION pg_stat_statements UPDATE)"
        )


def _finding(case: Case, statements: tuple[Statement, ...], spent: float) -> Finding:
    total = sum(statement.total_time_ms for statement in statements)
    share = spent / case.total_time_ms if case.total_time_ms > 0 else 0.0
    count = len(statements)
    what = "a statement that takes" if count == 1 else f"{count} statements that take"
    return Finding(
        subject="just-in-time compilation",
        identity="jit",
        summary=f"Compilation takes {format_ratio(spent / total)} of the time of {what} "
        f"less than a second ({format_ratio(share)} of all time)",
        evidence=tuple(_evidence(case, spent, share)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "jit is not off for new sessions",
            "statements that take long are not counted",
        ),
        remedies=_remedies(case, statements),
        impact=Impact(saved_ms_per_day=_per_day(case, spent), saved_ratio=share),
        statement_ids=tuple(statement.id for statement in statements),
    )


def _per_day(case: Case, spent: float) -> float | None:
    days = case.statement_window.days
    return spent / days if days else None


def _evidence(case: Case, spent: float, share: float) -> Iterator[Evidence]:
    yield Evidence(
        name="time spent on compilation",
        value=format_ms(spent),
        source="pg_stat_statements.jit_generation_time, jit_inlining_time, "
        "jit_optimization_time, jit_emission_time",
    )
    yield Evidence(
        name="share of all execution time",
        value=round(share, 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )
    yield Evidence(name=_SETTING, value=format_count(_bound(case)), source="pg_settings")


def _bound(case: Case) -> float:
    setting = case.snapshot.server.setting(_SETTING)
    return float(setting.value) if setting is not None else 100_000.0


def _remedies(case: Case, statements: tuple[Statement, ...]) -> tuple[Action, ...]:
    roles = tuple(dict.fromkeys(role for each in statements for role in each.roles))
    bound = format(_raised(case, statements, roles), "d")
    steps = ["Run ANALYZE where statistics are old: fewer expected rows, and it may not compile."]
    if not roles:
        steps.append(
            f"`ALTER ROLE ... SET {_SETTING} = {bound}` for the role that runs them, which is not "
            f"in the snapshot; the way back is `ALTER ROLE ... RESET {_SETTING}`."
        )
    server = case.snapshot.server
    return (
        *(change_for_role(server, role, _SETTING, bound) for role in roles),
        ManualSteps(title="Compile none but long statements", steps=tuple(steps)),
    )


def _raised(case: Case, statements: tuple[Statement, ...], roles: tuple[str, ...]) -> int:
    """A power of ten above the present bounds, and above the costs of the statements' plans."""
    ids = {statement.id for statement in statements}
    costs = [
        known.plan.total_cost
        for known in case.snapshot.plans
        if known.plan is not None and known.statement_id in ids
    ]
    given = (value_for_role(case.snapshot.server, role, _SETTING) for role in roles)
    bounds = [_bound(case), *(float(value) for value in given if value is not None)]
    return raised_jit_cost(costs, bounds)
