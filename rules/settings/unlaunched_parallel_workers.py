"""Parallel workers that plans ask for, and that are busy elsewhere."""

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
    change_where_set,
    format_count,
    format_ratio,
    number_of,
    rule,
)

_POOL = "max_parallel_workers"
_PROCESSES = "max_worker_processes"
_WANTED = "max_parallel_workers_per_gather"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many may be missing."""

    max_launched_ratio: float = 0.9
    """Workers that were launched, as a share of those that plans asked for."""

    min_planned_per_day_count: float = 1_000.0
    """Workers that plans asked for in a day."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def unlaunched_parallel_workers(case: Case, limits: Limits) -> Outcome:
    """Plans ask for parallel workers that are busy elsewhere.

    ## Why it matters
    A plan is made for so many workers, and takes what it gets when it is run.  If others have
    them all, one process does the work of three, with a plan that was chosen for three: an index
    scan alone might have been faster.  The same statement takes now one second and now five.

    ## What it leaves alone
    Servers on which nine of ten workers start, or hardly any are asked for.  Where there can
    never be as many, even on an idle server, another rule says so.  PostgreSQL 18 began to count.

    ## Before you act
    Workers need processors.  ``max_parallel_workers`` is raised to the number of processors where
    ``[machine]`` of the configuration names it; where so many are at work already, or where nobody
    has said how many there are, plans should ask for fewer.

    ## Example
        SELECT parallel_workers_to_launch, parallel_workers_launched FROM pg_stat_database
        WHERE datname = current_database();
        ALTER SYSTEM SET max_parallel_workers = 16;
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    planned = server.activity.parallel_workers_planned
    launched = server.activity.parallel_workers_launched
    if planned is None or launched is None:
        raise SkipRule("how many parallel workers started is not known: PostgreSQL 18 counts it")
    if case.counter_window.days is None:
        raise SkipRule(f"nobody knows since when they are counted: {case.counter_window.note}")
    can_start = min(number_of(server, _POOL), number_of(server, _PROCESSES))
    if number_of(server, _WANTED) > can_start:
        return
    per_day = planned / case.counter_window.days if case.counter_window.days else 0.0
    is_often = per_day >= limits.min_planned_per_day_count
    if is_often and launched < limits.max_launched_ratio * planned:
        yield _finding(case, planned, launched, per_day)


def _finding(case: Case, planned: int, launched: int, per_day: float) -> Finding:
    return Finding(
        subject=_POOL,
        summary=f"{format_ratio(1 - launched / planned)} of {format_count(per_day)} parallel "
        "workers that plans ask for in a day do not start",
        evidence=tuple(_evidence(case, planned, launched)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "on an idle server all of them could start",
            case.gates.gate("usage-window").detail,
        ),
        remedies=tuple(_remedies(case)),
        impact=Impact(risk="what was planned for several processes is left to one"),
    )


def _evidence(case: Case, planned: int, launched: int) -> Iterator[Evidence]:
    view = "pg_stat_database.parallel_workers"
    yield Evidence(
        name="workers asked for", value=planned, unit="workers", source=f"{view}_to_launch"
    )
    yield Evidence(
        name="workers started", value=launched, unit="workers", source=f"{view}_launched"
    )
    for name in (_POOL, _PROCESSES, _WANTED):
        yield Evidence(
            name=name,
            value=int(number_of(case.snapshot.server, name)),
            source="pg_settings.setting",
        )
    if case.machine.cpu_count is not None:
        yield Evidence(
            name="processors",
            value=case.machine.cpu_count,
            source="[machine] of the configuration",
        )


def _remedies(case: Case) -> Iterator[Action]:
    server = case.snapshot.server
    pool, processes = int(number_of(server, _POOL)), int(number_of(server, _PROCESSES))
    wanted = min(case.machine.cpu_count or 0, processes)
    if wanted > pool:
        yield change_where_set(server, _POOL, str(wanted))
    yield ManualSteps(
        title="Or let plans ask for fewer",
        steps=(
            (
                f"Lower {_WANTED} for the roles whose statements are short and many: `ALTER ROLE "
                f"... SET {_WANTED} = 0`; the way back is RESET, or the value that it had."
            ),
            (
                "See that small tables are not read in parallel: `parallel_setup_cost` and "
                "`min_parallel_table_scan_size` at their defaults."
            ),
            f"{_POOL} takes effect up to {_PROCESSES}, which takes a restart.",
        ),
    )
