"""Plans that count on parallel workers which never start."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    OWN_SOURCES,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    RelationKind,
    Setting,
    Severity,
    SkipRule,
    Table,
    change_where_set,
    format_size,
    rule,
)

_WANTED = "max_parallel_workers_per_gather"
_POOL = "max_parallel_workers"
_PROCESSES = "max_worker_processes"
_SCAN_SIZE = "min_parallel_table_scan_size"
_GROWTH = 3
"""The planner takes one worker more for a table three times as large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """The table for which the planner takes the most workers."""

    table: Table
    workers: int


@rule(severity=Severity.INFO, since="0.1", limits=NoLimits)
def unreachable_parallel_workers(case: Case, _limits: NoLimits) -> Outcome:
    """Plans count on more parallel workers than can ever start.

    ## Why it matters
    The planner looks at ``max_parallel_workers_per_gather`` and at the size of the table: it
    divides the work among so many workers and chooses what is cheapest then.  Where
    ``max_parallel_workers`` or ``max_worker_processes`` let fewer start, even on an idle server,
    a few processes carry out a plan that was made for many.

    ## What it leaves alone
    Workers that are merely busy elsewhere.  Databases without a table so large that the planner
    takes more workers than there can be.  Settings of a role or a session.

    ## Before you act
    To switch parallel plans off, set ``max_parallel_workers_per_gather`` to 0: with
    ``max_parallel_workers`` at 0 they are still made, and run by one process.

    ## Example
        SHOW max_parallel_workers_per_gather;  -- 8
        SHOW max_parallel_workers;  -- 4
        ALTER SYSTEM SET max_parallel_workers_per_gather = 4;
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    names = (_WANTED, _POOL, _PROCESSES, _SCAN_SIZE)
    found = {name: setting for name in names if (setting := server.setting(name)) is not None}
    if len(found) < len(names):
        raise SkipRule("the settings of parallel workers are not in the snapshot")
    for name, setting in found.items():
        if setting.source in OWN_SOURCES:
            raise SkipRule(
                f"what the server says of {name} is hidden by the collecting role's own value"
            )
    available = min(int(found[_POOL].value), int(found[_PROCESSES].value))
    if int(found[_WANTED].value) <= available:
        return
    scan = _widest_scan(case, int(found[_WANTED].value), int(found[_SCAN_SIZE].value))
    if scan is not None and scan.workers > available:
        yield _finding(case, found, scan, available)


def _widest_scan(case: Case, most: int, smallest_pages: int) -> _Scan | None:
    """The scan of one table for which the planner takes the most workers."""
    scans = [
        _Scan(table=leaf, workers=min(most, _workers(case, leaf, smallest_pages)))
        for table in case.user_tables
        for leaf in case.catalog.leaves(table)
        if leaf.kind is not RelationKind.FOREIGN_TABLE
    ]
    return max(scans, key=lambda scan: (scan.workers, scan.table.size_bytes), default=None)


def _workers(case: Case, table: Table, smallest_pages: int) -> int:
    """As ``compute_parallel_worker`` of the planner counts them, of the heap alone."""
    for option in table.options:
        name, _, value = option.partition("=")
        if name == "parallel_workers" and value.isdecimal():
            return int(value)
    pages = table.size_bytes // case.snapshot.server.block_size_bytes
    workers, needed = 0, max(smallest_pages, 1)
    while pages >= needed:
        workers, needed = workers + 1, needed * _GROWTH
    return workers


def _finding(case: Case, found: dict[str, Setting], scan: _Scan, available: int) -> Finding:
    noun = "worker" if scan.workers == 1 else "workers"
    return Finding(
        subject=_WANTED,
        summary=f"Plans count on {scan.workers} parallel {noun}, but at most {available} can start",
        detail=f"So many are planned for {scan.table.qualified_name}, which has "
        f"{format_size(scan.table.size_bytes)}.  What is planned for them is left to the others.",
        evidence=tuple(_evidence(found, scan)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "it holds on an idle server, too",
            "there is a table for which so many workers are planned",
        ),
        remedies=_remedies(case, found, available),
        impact=Impact(risk="large tables are read with plans that were made for more workers"),
    )


def _evidence(found: dict[str, Setting], scan: _Scan) -> Iterator[Evidence]:
    for name in (_WANTED, _POOL, _PROCESSES):
        yield Evidence(name=name, value=int(found[name].value), source="pg_settings.setting")
    yield Evidence(
        name=f"workers planned for {scan.table.qualified_name}",
        value=scan.workers,
        source="pg_relation_size, pg_settings.min_parallel_table_scan_size",
    )


def _remedies(case: Case, found: dict[str, Setting], available: int) -> tuple[Action, ...]:
    wanted = found[_WANTED].value
    raised = f"set {_POOL} to {wanted} instead (a reload"
    if int(found[_PROCESSES].value) < int(wanted):
        raised += f"), after {_PROCESSES} was raised, which takes a restart, on standbys first."
    else:
        raised += ", no restart)."
    return (
        change_where_set(case.snapshot.server, _WANTED, str(available)),
        ManualSteps(
            title="Or let the workers start that are planned for",
            steps=(f"Only where processors are idle while large queries run: {raised}",),
        ),
    )
