"""Autovacuum that is held to a pace at which it takes hours."""

from collections.abc import Iterator, Mapping
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
_LARGEST_LIMIT = 10_000
_RELOADS_WORKERS = 18
"""Since this version the number of workers may be changed without a restart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is slow, and what is slowed down."""

    min_running_ms: float = 3_600_000.0
    """Since the vacuum of a table began."""

    max_cost_count: float = 250.0
    """Units of work a millisecond that it may do; the default is 100, and 400 MB/s of reads at
    most.  Who allows more has thought about it."""

    raised_ratio: float = 5.0
    """The proposed pace, as a multiple of the one now."""

    min_proposed_count: float = 100.0
    """Units of work a millisecond that are proposed at least: the default since PostgreSQL 12."""

    max_delay_ms: float = 2.0
    """No longer sleep is proposed: the default since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """How far autovacuum may go before it sleeps, and for how long."""

    limit: float
    delay_ms: float

    def is_slow(self, limits: Limits) -> bool:
        return self.delay_ms > 0 and self.limit / self.delay_ms <= limits.max_cost_count

    def faster(self, limits: Limits) -> dict[str, str]:
        """What to set: the limit alone, unless it sleeps for long each time."""
        delay_ms = min(self.delay_ms, limits.max_delay_ms)
        wanted = max(limits.raised_ratio * self.limit / self.delay_ms, limits.min_proposed_count)
        changes = {_LIMIT: str(min(max(round(wanted * delay_ms), 1), _LARGEST_LIMIT))}
        return changes if delay_ms == self.delay_ms else changes | {_DELAY: f"{delay_ms:g}"}


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
    statements.  What is proposed is five times the pace of now, and the default at least.  If all
    workers are busy, raise the limit of the server.

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
        pace = _pace(server, table.option_values)
        if pace.is_slow(limits) and one.running_time_ms >= limits.min_running_ms:
            yield _finding(server, table, one, limits, all_busy=len(running) >= workers)


def _pace(server: Server, own: Mapping[str, str]) -> _Pace:
    """A table's own parameters before the server's; -1 stands for those of VACUUM."""
    values: list[float] = []
    for name in (_LIMIT, _DELAY):
        value = float(own[name]) if name in own else number_of(server, name)
        if value < 0:
            value = number_of(server, name.removeprefix("auto").replace("vacuum_vacuum", "vacuum"))
        values.append(value)
    return _Pace(limit=values[0], delay_ms=values[1])


def _finding(
    server: Server, table: Table, one: RunningVacuum, limits: Limits, *, all_busy: bool
) -> Finding:
    done = one.scanned_blocks / one.total_blocks if one.total_blocks else 0.0
    return Finding(
        subject=table.qualified_name,
        summary=f"Autovacuum has worked on {table.qualified_name} for "
        f"{format_ms(one.running_time_ms or 0.0)}, and has read {format_ratio(done)} of it",
        detail=" ".join(_details(one, all_busy=all_busy)),
        evidence=tuple(_evidence(one, _pace(server, table.option_values))),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("it is made to sleep, by no more than the defaults allow",),
        remedies=tuple(_remedies(server, table, limits, all_busy=all_busy)),
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
    server: Server, table: Table, limits: Limits, *, all_busy: bool
) -> Iterator[SetTableOptions | ManualSteps]:
    own, common = table.option_values, _pace(server, {})
    changes = _pace(server, own).faster(limits)
    yield SetTableOptions(
        schema=table.schema,
        table=table.name,
        options=tuple(changes.items()),
        previous=tuple((name, own.get(name)) for name in changes),
    )
    if all_busy and common.is_slow(limits):
        yield _larger_budget(server, common.faster(limits))


def _larger_budget(server: Server, changes: Mapping[str, str]) -> ManualSteps:
    takes = (
        "a reload, up to autovacuum_worker_slots"
        if server.major >= _RELOADS_WORKERS
        else "a restart"
    )
    sets = ", ".join(f"`ALTER SYSTEM SET {name} = {value}`" for name, value in changes.items())
    resets = ", ".join(f"`ALTER SYSTEM RESET {name}`" for name in changes)
    return ManualSteps(
        title="Give all workers a larger budget",
        steps=(
            f"{sets}, and `SELECT pg_reload_conf()`; it holds for vacuums that run, too.",
            f"Raise {_WORKERS} only after that: they share the budget. It takes {takes}.",
            f"The way back: {resets}, or the value of now where it was set.",
        ),
    )
