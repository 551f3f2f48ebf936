"""Vacuums that go through all indexes again and again, since their memory is full."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    KiB,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    RunningVacuum,
    Server,
    Severity,
    SkipRule,
    Table,
    change_where_set,
    format_count,
    known,
    number_of,
    require_sessions,
    rule,
)

_MEMORY = "autovacuum_work_mem"
_OTHERWISE = "maintenance_work_mem"
_WORKERS = "autovacuum_max_workers"
_IN_INDEXES = "vacuuming indexes"
_ROW_BYTES = 6
"""What a dead row takes before PostgreSQL 17; since then it takes less."""
_SPARING = 17
"""Since this version dead rows take little, and memory is not bounded to a gigabyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is proposed."""

    raised_ratio: float = 4.0
    """The proposed memory, as a multiple of the one now, at least."""

    max_proposed_bytes: int = GiB
    """No more is proposed; before PostgreSQL 17 no more is used."""

    max_memory_ratio: float = 0.125
    """Of the machine's memory, where that is known, for all workers together."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def repeated_index_passes(case: Case, limits: Limits) -> Outcome:
    """Autovacuum reads all indexes of a table more than once, since its memory was full.

    ## Why it matters
    Vacuum collects the dead rows of a table in memory, then reads every index from end to end to
    remove what points to them, and then goes on.  If the memory is full before the table's end,
    it reads all indexes once more for each part.  On a table with ten large indexes a second pass
    is most of the work.

    ## What it leaves alone
    Vacuums that have gone through the indexes once; those that somebody runs by hand, whose
    memory is the session's own.  One snapshot sees the vacuums of one moment.

    ## Before you act
    Each worker may take the memory, so that it counts as often as there are workers.  Fewer dead
    rows need less: where autovacuum comes late, a smaller scale factor is the better remedy.

    ## Example
        SELECT relid::regclass, phase, index_vacuum_count FROM pg_stat_progress_vacuum;
        ALTER SYSTEM SET autovacuum_work_mem = '256MB';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    require_sessions(server)
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums")
    running = known(server.running_vacuums, "vacuums")
    again = [one for one in running if one.is_autovacuum and _is_again(one)]
    if not again:
        return
    memory = _memory_bytes(server)
    for one in again:
        table = case.catalog.tables.get(one.table_oid)
        if table is not None:
            yield _finding(case, table, one, memory, limits)


def _is_again(one: RunningVacuum) -> bool:
    """It goes through the indexes for the second time at least, or had to before it was ready."""
    is_ready = one.scanned_blocks >= one.total_blocks
    return one.index_passes > 1 or (
        one.index_passes == 1 and (one.phase == _IN_INDEXES or not is_ready)
    )


def _memory_bytes(server: Server) -> int:
    """What a worker may take for dead rows; -1 stands for what VACUUM has."""
    own = number_of(server, _MEMORY)
    return int(own if own >= 0 else number_of(server, _OTHERWISE)) * KiB


def _finding(
    case: Case, table: Table, one: RunningVacuum, memory_bytes: int, limits: Limits
) -> Finding:
    return Finding(
        subject=table.qualified_name,
        summary=f"Autovacuum has to read all indexes of {table.qualified_name} more than once: its "
        "memory was full before the table's end",
        evidence=tuple(_evidence(case, table, one, memory_bytes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is at work now, and not at its end",),
        remedies=_remedies(case, table, memory_bytes, limits),
        impact=Impact(risk="vacuum takes several times as long, and reads the indexes anew"),
    )


def _evidence(
    case: Case, table: Table, one: RunningVacuum, memory_bytes: int
) -> Iterator[Evidence]:
    view = "pg_stat_progress_vacuum"
    yield Evidence(
        name="passes through the indexes",
        value=one.index_passes,
        unit="passes",
        source=f"{view}.index_vacuum_count",
    )
    yield Evidence(name="phase", value=one.phase, source=f"{view}.phase")
    yield Evidence(
        name="indexes",
        value=sum(index.size_bytes for index in case.indexes_of(table)),
        unit="bytes",
        source="pg_relation_size",
    )
    yield Evidence(
        name="dead rows",
        value=case.catalog.activity_of(table).dead_rows,
        unit="rows",
        source="pg_stat_user_tables.n_dead_tup",
    )
    yield Evidence(
        name="memory of a worker",
        value=memory_bytes,
        unit="bytes",
        source=f"pg_settings: {_MEMORY}, or {_OTHERWISE} where that is -1",
    )


def _remedies(case: Case, table: Table, memory_bytes: int, limits: Limits) -> tuple[Action, ...]:
    server = case.snapshot.server
    wanted = _wanted_bytes(case, table, memory_bytes, limits)
    sooner = ManualSteps(
        title=f"Let autovacuum come to {table.qualified_name} sooner",
        steps=(
            (
                "A smaller `autovacuum_vacuum_scale_factor` of the table leaves fewer dead rows "
                "for each vacuum."
            ),
            *(
                ("From PostgreSQL 17 on dead rows take a fraction of the memory.",)
                if server.major < _SPARING
                else ()
            ),
        ),
    )
    if wanted <= memory_bytes:
        return (sooner,)
    workers = format_count(number_of(server, _WORKERS))
    reason = (
        ""
        if case.machine.memory_bytes is not None
        else f"each of {workers} workers may take it, and how much memory the machine has is not "
        "said"
    )
    change = change_where_set(server, _MEMORY, str(wanted // KiB), review_reason=reason)
    return (change, sooner)


def _wanted_bytes(case: Case, table: Table, memory_bytes: int, limits: Limits) -> int:
    """What takes all dead rows at once, in megabytes, if the machine can give it."""
    server = case.snapshot.server
    wanted = round(limits.raised_ratio * memory_bytes)
    if server.major < _SPARING:
        wanted = max(wanted, _ROW_BYTES * case.catalog.activity_of(table).dead_rows)
    bounds = [limits.max_proposed_bytes]
    if case.machine.memory_bytes is not None:
        workers = max(number_of(server, _WORKERS), 1)
        bounds.append(int(limits.max_memory_ratio * case.machine.memory_bytes / workers))
    return min(-(-wanted // MiB) * MiB, *bounds)
