"""Parallel plans that were carried out by fewer processes than they were made for."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_ms,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    is_worth_it,
    measured,
    setting_in_plan,
    unmeasured,
)

_POOL = "max_parallel_workers"
_PROCESSES = "max_worker_processes"
_WANTED = "max_parallel_workers_per_gather"
_LEADER = "parallel_leader_participation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When missing workers are worth mentioning."""

    min_time_ms: float = 50.0
    """What they would have saved at most."""

    min_time_ratio: float = 0.1
    """The same as a share of the plan's time."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def workers_not_launched(case: Case, limits: Limits) -> Outcome:
    """A parallel plan got fewer workers than it was made for.

    ## Why it matters
    The planner chooses a plan as if all of its workers will be there.  Whether they start is seen
    when it runs: if other statements have taken them, the leader carries out the rest by itself,
    a plan that a single process would not have been given.

    ## What it leaves alone
    Plans with all of their workers; those in which they would have saved little.  What can be
    saved is at most the missing workers' part of what the Gather and all below it took: with two
    of three processes missing, two thirds.  The leader works as well, and counts.

    ## Before you act
    See whether it happens often: one plan tells one moment.  More workers help only where
    processors are idle while large statements run.  Fewer workers for each statement give more
    statements some.  Statements of every day that are short want no workers at all.

    ## Example
        EXPLAIN (ANALYZE) SELECT count(*) FROM orders;
        -- Workers Planned: 2  Workers Launched: 0
        SHOW max_parallel_workers;
        SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker';
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node)
        for node in executed_nodes(case)
        if _missing(node) > 0 and is_worth_it(node, _saved_ms(node), limits)
    )
    yield from worst_of_each(found)


def _missing(node: PlacedNode) -> int:
    """Of several starts, one after the other, EXPLAIN tells the workers of the last."""
    launched = node.node.workers_launched
    return 0 if launched is None else (node.node.workers_planned or 0) - launched


def _parts(node: PlacedNode) -> tuple[PlacedNode, ...]:
    """The Gather first, then what the workers would have run, but for what runs once before."""
    outside: set[int] = set()
    for below in node.walk():
        if below.node.parent_relationship == "InitPlan":
            outside |= {each.position for each in below.walk()}
    return tuple(each for each in node.walk() if each.position not in outside)


def _saved_ms(node: PlacedNode) -> float:
    """The part of the missing ones in the time of all.

    The leader is one more, unless it only gathers; where no worker comes, it works in any case.
    """
    planned, launched = node.node.workers_planned or 0, node.node.workers_launched or 0
    leader = 0 if setting_in_plan(node.execution, _LEADER) == "off" else 1
    wanted, worked = planned + leader, max(launched + leader, 1)
    return sum(each.exclusive_ms for each in _parts(node)) * (wanted - worked) / wanted


def _finding(case: Case, node: PlacedNode) -> Finding:
    planned, launched = node.node.workers_planned or 0, node.node.workers_launched or 0
    who = "the leader does all of the work" if not launched else f"{launched} of them started"
    finding = Finding(
        subject=node.name,
        summary=f"{node.name} was planned for {planned} workers, and {who}: "
        f"{format_ms(node.inclusive_ms)} in the place of "
        f"{format_ms(node.inclusive_ms - _saved_ms(node))} at best",
        evidence=tuple(_evidence(case, node)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if node.use.loops <= 1 else Confidence.MEDIUM,
        guards=("the leader's own part is counted as done",),
        remedies=(
            ManualSteps(
                title="Let the workers start that are planned for",
                steps=tuple(_steps(case, node)),
            ),
        ),
    )
    return at_nodes(finding, _parts(node), saved_ms=_saved_ms(node))


def _known(case: Case, node: PlacedNode, name: str) -> str | None:
    setting = case.snapshot.server.setting(name)
    return setting_in_plan(node.execution, name) or (setting.value if setting else None)


def _evidence(case: Case, node: PlacedNode) -> Iterator[Evidence]:
    yield measured(node, "workers planned", node.node.workers_planned or 0)
    yield measured(node, "workers launched", node.node.workers_launched or 0)
    yield measured(node, "time with all below it", node.inclusive_ms, "ms")
    for name in (_POOL, _PROCESSES):
        value = _known(case, node, name)
        if value is not None:
            yield Evidence(name=name, value=value, source="pg_settings, or EXPLAIN (SETTINGS)")


def _steps(case: Case, node: PlacedNode) -> Iterator[str]:
    planned = node.node.workers_planned or 0
    limits = [
        (int(value), name)
        for name in (_POOL, _PROCESSES)
        if (value := _known(case, node, name)) is not None and value.isdigit()
    ]
    most, scarce = min(limits, default=(planned, _POOL))
    if most < planned:
        yield (
            f"So many can never start: {scarce} is {most}. `ALTER SYSTEM SET "
            f"{_WANTED} = {most}` makes plans for those that can; or raise {scarce}"
            + (", which takes a restart." if scarce == _PROCESSES else ".")
        )
        return
    yield (
        "See who takes the workers while it runs: `SELECT leader_pid, query FROM pg_stat_activity "
        "WHERE backend_type = 'parallel worker'`."
    )
    yield (
        f"Give statements that are short none: `ALTER ROLE ... SET {_WANTED} = 0` for the roles "
        "that run them."
    )
    yield (
        f"Raise {_POOL} (`ALTER SYSTEM SET {_POOL} = ...`, a reload) only where processors are "
        f"idle while large statements run; {_PROCESSES} bounds it, and takes a restart."
    )
