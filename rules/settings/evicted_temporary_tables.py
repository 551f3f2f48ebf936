"""Temporary tables that do not fit into the memory that a session has for them."""

from collections import defaultdict
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
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Statement,
    change_for_role,
    format_ratio,
    format_size,
    known,
    rule,
    value_for_role,
    work_mem_mib,
)

_SETTING = "temp_buffers"
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is much, and what is proposed."""

    min_daily_read_bytes: int = 10 * GiB
    """Of temporary tables that were read again, by one role."""

    min_time_ratio: float = 0.02
    """Time of these reads, as a share of the workload's execution time."""

    max_proposed_bytes: int = 256 * MiB
    """No more is proposed: a session keeps it until it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reads:
    """What the statements of one role read again."""

    statements: tuple[Statement, ...]
    bytes_per_day: float
    largest_bytes: float
    """By one call of one of them, on average."""
    time_ratio: float


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "eviction"))
def evicted_temporary_tables(case: Case, limits: Limits) -> Outcome:
    """Temporary tables are larger than the memory for them, and are read again from files.

    ## Why it matters
    Temporary tables are not in ``shared_buffers``: each session has ``temp_buffers`` for all of
    its own, 8 MB by default.  A larger one is written to its file while it is filled, and read
    again by each statement that looks at it, from beginning to end.

    ## What it leaves alone
    Roles that read little so, or spend little of the time on it, as they do while the files stay
    in the system's cache.  Without track_io_timing nobody knows what reads take, and the rule is
    skipped.

    ## Before you act
    A session takes the memory as it needs it, and gives nothing back until it ends: with a pooler
    that is for long.  It may be set only before a session's first temporary table.  See first
    whether an index on the temporary table, and ANALYZE after it was filled, make the reads go
    away: autovacuum does neither for it.

    ## Example
        ALTER ROLE report IN DATABASE shop SET temp_buffers = '64MB';
        ALTER ROLE report IN DATABASE shop RESET temp_buffers;  -- the way back
    """
    server = case.snapshot.server
    timing = known(server.setting("track_io_timing"), "values of track_io_timing")
    if timing.value != "on":
        raise SkipRule("track_io_timing is off, so nobody knows what reads take")
    known(server.setting(_SETTING), f"values of {_SETTING}")
    if not case.statement_window.days:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    for role, reads in _by_role(case, case.statement_window.days):
        if (
            reads.bytes_per_day >= limits.min_daily_read_bytes
            and reads.time_ratio >= limits.min_time_ratio
        ):
            yield _finding(case, role, reads, limits)


def _by_role(case: Case, days: float) -> Iterator[tuple[str, _Reads]]:
    block_bytes = case.snapshot.server.block_size_bytes
    found: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if statement.local_blocks_read > 0 and statement.calls > 0 and statement.roles:
            found[statement.roles[0]].append(statement)
    for role, statements in sorted(found.items()):
        ordered = sorted(statements, key=lambda each: (-each.local_blocks_read, each.id))
        time_ms = sum(map(_read_time_ms, ordered))
        yield (
            role,
            _Reads(
                statements=tuple(ordered),
                bytes_per_day=sum(s.local_blocks_read for s in ordered) * block_bytes / days,
                largest_bytes=max(s.local_blocks_read / s.calls for s in ordered) * block_bytes,
                time_ratio=time_ms / case.total_time_ms if case.total_time_ms > 0 else 0.0,
            ),
        )


def _read_time_ms(statement: Statement) -> float:
    """Of temporary tables: the counter is of all reads, and no kind of block takes longer."""
    blocks = statement.local_blocks_read + statement.shared_blocks_read
    return statement.block_read_time_ms * statement.local_blocks_read / blocks


def _finding(case: Case, role: str, reads: _Reads, limits: Limits) -> Finding:
    return Finding(
        subject=role,
        summary=f"{role} reads {format_size(reads.bytes_per_day)} a day of temporary tables that "
        f"did not fit into {_SETTING} ({format_ratio(reads.time_ratio)} of all time)",
        evidence=tuple(_evidence(case, role, reads)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("the time of reads was measured", "statements were not evicted"),
        remedies=tuple(_remedies(case, role, reads, limits)),
        impact=Impact(risk="each statement reads again what the session itself has just written"),
        statement_ids=tuple(each.id for each in reads.statements[:_SHOWN_COUNT]),
    )


def _evidence(case: Case, role: str, reads: _Reads) -> Iterator[Evidence]:
    view = "pg_stat_statements"
    yield Evidence(
        name="read again a day",
        value=round(reads.bytes_per_day),
        unit="bytes",
        source=f"{view}.local_blks_read over the window",
    )
    yield Evidence(
        name="read again by a call, at most",
        value=round(reads.largest_bytes),
        unit="bytes",
        source=f"{view}.local_blks_read / calls",
    )
    yield Evidence(
        name="share of these reads in execution time",
        value=round(reads.time_ratio, 4),
        unit="ratio",
        source=f"{view}: time of reads, in proportion to local_blks_read, shared_blks_read",
    )
    now = value_for_role(case.snapshot.server, role, _SETTING)
    if now is not None:
        yield Evidence(
            name=_SETTING,
            value=int(now) * case.snapshot.server.block_size_bytes,
            unit="bytes",
            source="pg_settings.setting, pg_db_role_setting",
        )


def _remedies(case: Case, role: str, reads: _Reads, limits: Limits) -> Iterator[Action]:
    server = case.snapshot.server
    yield ManualSteps(
        title="Read less of temporary tables",
        steps=(
            (
                "Make an index on the columns by which the temporary table is looked up, and run "
                "ANALYZE once it is filled: autovacuum sees no temporary table."
            ),
            "Fill it with the columns and rows that are needed, and drop it as soon as it is not.",
        ),
    )
    now = value_for_role(server, role, _SETTING)
    if now is None:
        return
    now_bytes = int(now) * server.block_size_bytes
    wanted = work_mem_mib(now_bytes + reads.largest_bytes) * MiB
    if now_bytes < wanted <= limits.max_proposed_bytes:
        yield change_for_role(
            server,
            role,
            _SETTING,
            str(wanted // server.block_size_bytes),
            review_reason="each session of the role may take it, and keeps it until it ends",
        )
