"""Statements of every day that wait for storage."""

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
    Severity,
    SkipRule,
    Statement,
    Table,
    format_ms,
    format_ratio,
    format_size,
    rule,
)

_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When reads are what takes the time."""

    max_hit_ratio: float = 0.99
    """Blocks found in shared_buffers, as a share of all that were asked for.  Alone it says
    nothing: a block that is missing there may come from the operating system's cache."""

    min_read_time_ratio: float = 0.2
    """Time spent reading by statements of every day, as a share of all execution time."""

    min_calls_per_day_count: float = 24.0
    """What runs less often, an evening's report say, reads what nobody else needs."""

    max_cached_read_ms: float = 0.1
    """A block that takes less came out of the operating system's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reads:
    """What reading costs."""

    hit_ratio: float
    time_ratio: float
    """Of all execution time."""
    block_ms: float
    """A block, on average."""
    statements: tuple[Statement, ...]
    """The frequent ones that read, those with the most time for it first."""


@rule(
    severity=Severity.INFO,
    since="0.1",
    limits=Limits,
    requires=("usage-window", "statements", "eviction"),
)
def reads_from_storage(case: Case, limits: Limits) -> Outcome:
    """A large part of the time of everyday statements goes into reads.

    ## Why it matters
    A block that is not in the cache takes ten to a thousand times as long.  Where a fifth of all
    time is spent waiting for blocks, what the statements read is the thing to look at: most
    often a few of them read far more than they need.

    ## What it leaves alone
    Databases whose blocks are nearly all found in shared_buffers, or whose reads take little of
    the time, however low the share of hits is; and statements that run less than once an hour.
    Without track_io_timing nobody knows what reads take, and it says so.

    ## Before you act
    More memory is the last resort, not the first: an index, or fewer columns, makes the reads
    go away.  Where a block takes less than a tenth of a millisecond, it comes out of the
    operating system's cache, and a larger shared_buffers only moves it.

    ## Example
        SELECT query, calls, shared_blks_read, shared_blk_read_time  -- blk_read_time before 17
        FROM pg_stat_statements ORDER BY shared_blk_read_time DESC LIMIT 5;
    """
    timing = case.snapshot.server.setting("track_io_timing")
    if timing is None:
        raise SkipRule("the setting track_io_timing is not in the snapshot")
    if timing.value != "on":
        raise SkipRule("track_io_timing is off, so nobody knows what reads take")
    found = _reads(case, limits)
    if (
        found is not None
        and found.hit_ratio < limits.max_hit_ratio
        and found.time_ratio >= limits.min_read_time_ratio
    ):
        yield _finding(case, found, limits)


def _reads(case: Case, limits: Limits) -> _Reads | None:
    activity = case.snapshot.server.activity
    asked = activity.blocks_hit + activity.blocks_read
    statements = sorted(
        (
            statement
            for statement in case.snapshot.statements
            if statement.block_read_time_ms > 0
            and (case.calls_per_day(statement) or 0.0) >= limits.min_calls_per_day_count
        ),
        key=lambda statement: (-statement.block_read_time_ms, statement.id),
    )
    blocks = sum(statement.shared_blocks_read for statement in statements)
    if not asked or not blocks or case.total_time_ms <= 0:
        return None
    read_ms = sum(statement.block_read_time_ms for statement in statements)
    return _Reads(
        hit_ratio=activity.blocks_hit / asked,
        time_ratio=read_ms / case.total_time_ms,
        block_ms=read_ms / blocks,
        statements=tuple(statements),
    )


def _finding(case: Case, found: _Reads, limits: Limits) -> Finding:
    database = case.snapshot.server.database
    is_cached = found.block_ms < limits.max_cached_read_ms
    return Finding(
        subject=database,
        summary=f"{format_ratio(found.time_ratio)} of all execution time is spent reading blocks, "
        f"{format_ms(found.block_ms)} each; {format_ratio(found.hit_ratio)} are found in "
        "shared_buffers",
        detail="At that speed they come out of the operating system's cache." if is_cached else "",
        evidence=tuple(_evidence(case, found)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "the time of reads was measured",
            "statements that run less than once an hour are left out",
            case.gates.gate("usage-window").detail,
        ),
        remedies=(_remedy(case, found, is_cached=is_cached),),
        impact=Impact(risk="what is read grows with the tables, and the cache does not"),
        statement_ids=tuple(each.id for each in found.statements[:_SHOWN_COUNT]),
    )


def _evidence(case: Case, found: _Reads) -> Iterator[Evidence]:
    yield Evidence(
        name="blocks found in shared_buffers",
        value=round(found.hit_ratio, 4),
        unit="ratio",
        source="pg_stat_database.blks_hit, blks_read",
    )
    yield Evidence(
        name="time spent reading",
        value=round(found.time_ratio, 4),
        unit="ratio",
        source="pg_stat_statements.shared_blk_read_time, total_exec_time",
    )
    yield Evidence(
        name="time of a block",
        value=round(found.block_ms, 3),
        unit="ms",
        source="pg_stat_statements.shared_blk_read_time, shared_blks_read",
    )
    for statement in found.statements[:_SHOWN_COUNT]:
        yield Evidence(
            name=f"share of the reads of {statement.id}",
            value=format_ratio(_part(found, statement)),
            source="pg_stat_statements.shared_blk_read_time",
        )
    for table, blocks in _most_read(case):
        yield Evidence(
            name=f"read of {table.qualified_name}",
            value=blocks * case.snapshot.server.block_size_bytes,
            unit="bytes",
            source="pg_statio_user_tables.heap_blks_read",
        )


def _part(found: _Reads, statement: Statement) -> float:
    return statement.block_read_time_ms / sum(s.block_read_time_ms for s in found.statements)


def _most_read(case: Case) -> list[tuple[Table, int]]:
    blocks = [
        (table, sum(activity.heap_blocks_read for activity in case.activities_of(table)))
        for table in case.user_tables
    ]
    read = [(table, count) for table, count in blocks if count > 0]
    return sorted(read, key=lambda row: (-row[1], row[0].qualified_name))[:_SHOWN_COUNT]


def _remedy(case: Case, found: _Reads, *, is_cached: bool) -> ManualSteps:
    first = ", ".join(statement.id for statement in found.statements[:_SHOWN_COUNT])
    setting = case.snapshot.server.setting("shared_buffers")
    size = (
        f" ({format_size(int(setting.value) * case.snapshot.server.block_size_bytes)})"
        if setting is not None
        else ""
    )
    memory = (
        f"Give shared_buffers{size} more of the memory that the operating system's cache has now "
        "only if `pg_buffercache_summary()` shows no unused buffers; it spares a copy, not a read."
        if is_cached
        else f"If the rest is read again and again, give shared_buffers{size} more, or the machine "
        "more memory; `pg_buffercache_summary()` tells whether there are unused buffers."
    )
    return ManualSteps(
        title=f"Read less of {case.snapshot.server.database}",
        steps=(
            f"Do first what is reported of the statements that read most: {first}.",
            "Then what is reported of bloated tables and indexes, which are read with their holes.",
            "Tables of which only the newest rows are read want partitions, or an index by time.",
            memory,
        ),
    )
