"""Autovacuum that is held to a pace at which it takes hours."""

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
    RunningVacuum,
    Server,
    SetTableOptions,
    Severity,
    SkipRule,
    Table,
    format_ms,
    format_ratio,
    known,
    number_of,
    require_sessions,
    rule,
)

_LIMIT = "autovacuum_vacuum_cost_limit"
_DELAY = "autovacuum_vacuum_cost_delay"
_WORKERS = "autovacuum_max_workers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is slow, and what is slowed down."""

    min_running_ms: float = 3_600_000.0
    """Since the vacuum of a table began."""

    max_cost_count: float = 250.0
    """Units of work a millisecond that it may do; the default is 100, and 400 MB/s of reads at
    most.  Who allows more has thought about it."""

    raised_ratio: float = 5.0
    """The proposed limit, as a multiple of the one now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How far autovacuum may go before it sleeps, and for how long."""

    limit: float
    delay_ms: float
    own_limit: str | None
    """Of the table itself; None: it has none."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def slow_autovacuum(case: Case, limits: Limits) -> Outcome:
    """Autovacuum works on a table for hours, since it is made to sleep.

    ## Why it matters
    Autovacuum sleeps after each few pages, so that others get the disk.  All workers share one
    budget: on a large table it takes hours, in which new rows die, and a worker that is busy
    cannot go to another table.  More workers alone only divide the same budget.

    ## What it leaves alone
    Vacuums of less than an hour, and those that somebody runs by hand; tables on which it may
    work fast already, or never sleeps.  Tables of the system, and TOAST tables, have no settings
    that are read.

    ## Before you act
    A faster vacuum takes more of the disk.  Begin with the one table, and look at the latency of
    statements.  If all workers are busy, raise the limit of the server.

    ## Example
        ALTER TABLE event SET (autovacuum_vacuum_cost_limit = 1000);
        ALTER TABLE event RESET (autovacuum_vacuum_cost_limit);  -- the way back
    """
    server = case.snapshot.server
    require_sessions(server)
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums")
    running = [one for one in known(server.running_vacuums, "vacuums") if one.is_autovacuum]
    workers = number_of(server, _WORKERS)
    for one in running:
        table = case.catalog.tables.get(one.table_oid)
        if table is None or one.running_time_ms is None:
            continue
        pace = _pace(server, table)
        is_slowed = pace.delay_ms > 0 and pace.limit / pace.delay_ms <= limits.max_cost_count
        if is_slowed and one.running_time_ms >= limits.min_running_ms:
            yield _finding(table, one, pace, limits, all_busy=len(running) >= workers)


def _pace(server: Server, table: Table) -> _Pace:
    """The table's own parameters before the server's; -1 stands for those of VACUUM."""
    own = table.option_values
    values: list[float] = []
    for name in (_LIMIT, _DELAY):
        value = float(own[name]) if name in own else number_of(server, name)
        if value < 0:
            value = number_of(server, name.removeprefix("auto").replace("vacuum_vacuum", "vacuum"))
        values.append(value)
    return _Pace(limit=values[0], delay_ms=values[1], own_limit=own.get(_LIMIT))


def _finding(
    table: Table, one: RunningVacuum, pace: _Pace, limits: Limits, *, all_busy: bool
) -> Finding:
    done = one.scanned_blocks / one.total_blocks if one.total_blocks else 0.0
    return Finding(
        subject=table.qualified_name,
        summary=f"Autovacuum has worked on {table.qualified_name} for "
        f"{format_ms(one.running_time_ms or 0.0)}, and has read {format_ratio(done)} of it",
        detail=" ".join(_details(one, all_busy=all_busy)),
        evidence=tuple(_evidence(one, pace)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("it is made to sleep, by no more than the defaults allow",),
        remedies=tuple(_remedies(table, pace, limits, all_busy=all_busy)),
        impact=Impact(risk="dead rows pile up faster than they are removed"),
        severity=Severity.WARNING if all_busy else Severity.INFO,
    )


def _details(one: RunningVacuum, *, all_busy: bool) -> Iterator[str]:
    if all_busy:
        yield "All workers are busy in this database, so that other tables wait."
    if one.index_passes > 1:
        yield (
            f"It has gone through all indexes {one.index_passes} times, since its memory was full: "
            "raise autovacuum_work_mem too."
        )


def _evidence(one: RunningVacuum, pace: _Pace) -> Iterator[Evidence]:
    yield Evidence(
        name="at work for",
        value=round(one.running_time_ms or 0.0),
        unit="ms",
        source="pg_stat_activity.xact_start",
    )
    yield Evidence(name="phase", value=one.phase, source="pg_stat_progress_vacuum.phase")
    yield Evidence(
        name="read",
        value=one.scanned_blocks,
        unit="pages",
        source="pg_stat_progress_vacuum.heap_blks_scanned",
    )
    yield Evidence(
        name="of", value=one.total_blocks, unit="pages", source="pg_stat_progress_vacuum"
    )
    source = "pg_class.reloptions, pg_settings.setting"
    yield Evidence(name=_LIMIT, value=pace.limit, source=source)
    yield Evidence(name=_DELAY, value=pace.delay_ms, unit="ms", source=source)


def _remedies(
    table: Table, pace: _Pace, limits: Limits, *, all_busy: bool
) -> Iterator[SetTableOptions | ManualSteps]:
    wanted = min(round(limits.raised_ratio * pace.limit), 10_000)
    yield SetTableOptions(
        schema=table.schema,
        table=table.name,
        options=((_LIMIT, str(wanted)),),
        previous=((_LIMIT, pace.own_limit),),
    )
    if all_busy:
        yield ManualSteps(
            title="Give all workers a larger budget",
            steps=(
                (
                    f"`ALTER SYSTEM SET {_LIMIT} = {wanted}`, and `SELECT pg_reload_conf()`; it "
                    "holds for vacuums that run, too."
                ),
                "Raise the number of workers only after that: they share the budget.",
                (
                    f"The way back: `ALTER SYSTEM RESET {_LIMIT}`, or the value of now where it "
                    "was set."
                ),
            ),
        )
