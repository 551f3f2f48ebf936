"""Shared buffers that are a small part of the memory, and turned over all the time."""

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
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    data_bytes_of,
    format_count,
    format_ratio,
    format_size,
    known,
    memory_bytes_of,
    number_of,
    rule,
)

_BUFFERS = "shared_buffers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is small, what shows that more would help, and what is proposed."""

    max_memory_ratio: float = 0.15
    """Buffers, as a share of the machine's memory."""

    min_read_time_ratio: float = 0.1
    """Time that statements spend reading blocks, as a share of all execution time."""

    min_turnovers_per_day_count: float = 10.0
    """Times a day that as much is read into the buffers as there is room in them: so often what
    was there had to give way."""

    proposed_ratio: float = 0.25
    """Of the machine's memory."""

    max_data_ratio: float = 1.2
    """No more is proposed than that multiple of the database's tables and indexes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pressure:
    """How often the buffers are turned over, and what that costs."""

    turnovers_per_day: float
    time_ratio: float


@rule(
    severity=Severity.INFO,
    since="0.1",
    limits=Limits,
    requires=("usage-window", "statements", "eviction"),
)
def small_shared_buffers(case: Case, limits: Limits) -> Outcome:
    """The server has a small part of the memory, and reads the same blocks again and again.

    ## Why it matters
    The default of 128 MB is that of a laptop.  What does not fit is read again from the system's
    cache, or from the disk.  Each such read takes a copy at least, and a place in the buffers,
    from which something else has to go; if that was changed, it has to be written first.

    ## What it leaves alone
    Servers that have 15 % of the memory; those that spend less than a tenth of their time on
    reads, or read into their buffers less than ten times a day what they hold, however low the
    share of hits is.  How much memory there is the server cannot tell: where ``[machine]`` of the
    configuration does not say, the rule is skipped.  Without track_io_timing it is, too.

    ## Before you act
    It takes a restart, and memory that the system's cache has now: a quarter is a beginning.  See
    first whether an index makes the reads go away.  With larger buffers checkpoints have more to
    write: see that ``max_wal_size`` is not small.  Where the limit of a container is the memory,
    sessions need their part of it.

    ## Example
        ALTER SYSTEM SET shared_buffers = '8GB';  -- and a restart
    """
    server = case.snapshot.server
    setting = known(server.setting(_BUFFERS), f"values of {_BUFFERS}")
    memory_bytes = memory_bytes_of(case)
    buffers_bytes = int(setting.value) * server.block_size_bytes
    wanted_bytes = round(
        min(limits.proposed_ratio * memory_bytes, limits.max_data_ratio * data_bytes_of(case))
    )
    if buffers_bytes >= min(limits.max_memory_ratio * memory_bytes, wanted_bytes):
        return
    _require_timing(case)
    pressure = _pressure(case, number_of(server, _BUFFERS))
    if (
        pressure.time_ratio >= limits.min_read_time_ratio
        and pressure.turnovers_per_day >= limits.min_turnovers_per_day_count
    ):
        yield _finding(case, setting, pressure, wanted_bytes)


def _require_timing(case: Case) -> None:
    timing = known(case.snapshot.server.setting("track_io_timing"), "values of track_io_timing")
    if timing.value != "on":
        raise SkipRule("track_io_timing is off, so nobody knows what reads take")


def _pressure(case: Case, buffers: float) -> _Pressure:
    read = case.snapshot.server.activity.blocks_read
    days, total_ms = case.counter_window.days or 0.0, case.total_time_ms
    read_ms = sum(statement.block_read_time_ms for statement in case.snapshot.statements)
    return _Pressure(
        turnovers_per_day=read / buffers / days if days and buffers else 0.0,
        time_ratio=read_ms / total_ms if total_ms > 0 else 0.0,
    )


def _finding(case: Case, setting: Setting, pressure: _Pressure, wanted_bytes: int) -> Finding:
    block_bytes = case.snapshot.server.block_size_bytes
    buffers_bytes = int(setting.value) * block_bytes
    memory_bytes = memory_bytes_of(case)
    return Finding(
        subject=_BUFFERS,
        summary=f"{_BUFFERS} is {format_size(buffers_bytes)} of {format_size(memory_bytes)} of "
        f"memory, and {format_ratio(pressure.time_ratio)} of all execution time is spent reading",
        detail=f"{format_count(pressure.turnovers_per_day)} times a day as much is read into them "
        "as they hold.",
        evidence=tuple(_evidence(case, setting, pressure)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "the time of reads was measured",
            "the data are larger than the buffers",
            case.gates.gate("usage-window").detail,
        ),
        remedies=_remedies(case, wanted_bytes // block_bytes),
        impact=Impact(risk="what is needed again and again has to be read anew each time"),
    )


def _evidence(case: Case, setting: Setting, pressure: _Pressure) -> Iterator[Evidence]:
    yield Evidence(
        name=_BUFFERS,
        value=int(setting.value) * case.snapshot.server.block_size_bytes,
        unit="bytes",
        source=f"pg_settings.setting, from: {setting.source}",
    )
    yield Evidence(
        name="memory",
        value=memory_bytes_of(case),
        unit="bytes",
        source="[machine] of the configuration",
    )
    yield Evidence(
        name="tables and indexes",
        value=data_bytes_of(case),
        unit="bytes",
        source="pg_relation_size",
    )
    yield Evidence(
        name="times a day that the buffers are filled anew",
        value=round(pressure.turnovers_per_day, 1),
        source="pg_stat_database.blks_read over the window / pg_settings.shared_buffers",
    )
    yield Evidence(
        name="time spent reading",
        value=round(pressure.time_ratio, 4),
        unit="ratio",
        source="pg_stat_statements.shared_blk_read_time, total_exec_time",
    )


def _remedies(case: Case, wanted_blocks: int) -> tuple[Action, ...]:
    return (
        change_where_set(case.snapshot.server, _BUFFERS, str(wanted_blocks)),
        ManualSteps(
            title="See what became of it",
            steps=(
                (
                    "Try first that the server starts: a machine that cannot give the memory "
                    "refuses. `postgres -C shared_memory_size -c shared_buffers=...` (PostgreSQL "
                    "15 and later) tells what it would take."
                ),
                (
                    "A week later, compare what is read and how long it takes. Where "
                    "`pg_buffercache_summary()` shows unused buffers, it was too much."
                ),
            ),
        ),
    )
