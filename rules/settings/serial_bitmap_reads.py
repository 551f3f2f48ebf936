"""Bitmap scans that ask the storage for one block after the other."""

from collections import defaultdict
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
    Skipped,
    SkipRule,
    Statement,
    StorageKind,
    change_for_role,
    format_ms,
    format_ratio,
    known,
    plan_of,
    rule,
    storage_of,
    value_for_role,
)

_SETTING = "effective_io_concurrency"
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When reading ahead is worth it."""

    max_concurrency_count: int = 1
    """What is set now; who has set more has thought about it."""

    min_read_time_ratio: float = 0.1
    """Time that such statements spend reading, as a share of all execution time."""

    min_block_ms: float = 0.1
    """A block that takes less came out of the operating system's cache."""

    proposed_count: int = 200
    """Blocks that are asked for at once."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "eviction"))
def serial_bitmap_reads(case: Case, limits: Limits) -> Outcome:
    """Bitmap scans read one block at a time from a storage that could give many.

    ## Why it matters
    A bitmap scan knows in advance which blocks it will need.  With ``effective_io_concurrency``
    at 1, the default before PostgreSQL 18, it asks for the next one only when it has the last.
    That was made for one disk with one head.  An SSD, or a volume in a network, answers hundreds
    of requests in the time of one.

    ## What it leaves alone
    Spinning disks; roles for which somebody has set more; statements without a bitmap scan;
    reads that take less than a tenth of their time, or come out of the system's cache.  What the
    data lie on the server cannot tell: where ``[machine]`` of the configuration does not say, the
    rule is skipped.  Without track_io_timing it is, too.

    ## Before you act
    Try it in one session: `SET effective_io_concurrency = 200`, then EXPLAIN (ANALYZE, BUFFERS)
    of the statement after its blocks have left the cache.  A volume with a bound of requests a
    second reaches that bound sooner.

    ## Example
        ALTER ROLE shop IN DATABASE shop SET effective_io_concurrency = 200;
        ALTER ROLE shop IN DATABASE shop RESET effective_io_concurrency;  -- the way back
    """
    if storage_of(case) is StorageKind.HDD:
        return
    timing = known(case.snapshot.server.setting("track_io_timing"), "values of track_io_timing")
    if timing.value != "on":
        raise SkipRule("track_io_timing is off, so nobody knows what reads take")
    known(case.snapshot.server.setting(_SETTING), f"values of {_SETTING}")
    for role, statements in sorted(_by_role(case).items()):
        now = value_for_role(case.snapshot.server, role, _SETTING)
        if now is None or int(now) > limits.max_concurrency_count:
            continue
        read_ms = sum(statement.block_read_time_ms for statement in statements)
        blocks = sum(statement.shared_blocks_read for statement in statements)
        if (
            read_ms >= limits.min_read_time_ratio * case.total_time_ms
            and read_ms >= limits.min_block_ms * blocks
        ):
            yield _finding(case, role, statements, now, limits)


def _by_role(case: Case) -> dict[str, list[Statement]]:
    """Statements that read blocks in a bitmap scan, by the role that runs them most."""
    found: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if statement.block_read_time_ms <= 0 or not statement.roles:
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            continue
        if any(node.node_type == "Bitmap Heap Scan" for node in plan.root.walk()):
            found[statement.roles[0]].append(statement)
    return found


def _finding(
    case: Case, role: str, statements: list[Statement], now: str, limits: Limits
) -> Finding:
    ordered = sorted(statements, key=lambda each: (-each.block_read_time_ms, each.id))
    read_ms = sum(statement.block_read_time_ms for statement in statements)
    return Finding(
        subject=role,
        summary=f"Bitmap scans of {role} spend {format_ratio(read_ms / case.total_time_ms)} of all "
        f"execution time on reads, and ask for {'one block' if now == '1' else 'no block'} ahead",
        evidence=tuple(_evidence(case, statements, now)),
        provenance=Provenance.STATISTICS,
        # That the reads are those of the bitmap scans is likely: a statement counts them together.
        confidence=Confidence.MEDIUM,
        guards=(
            "the time of reads was measured, and is longer than that of a cached block",
            "the storage answers many requests at once",
        ),
        remedies=(
            change_for_role(case.snapshot.server, role, _SETTING, str(limits.proposed_count)),
            ManualSteps(
                title="See what became of it",
                steps=(
                    (
                        "Compare the time of reads of these statements in a week, and the "
                        "requests a second that the storage allows."
                    ),
                ),
            ),
        ),
        impact=Impact(risk="the statement waits for each block by itself"),
        statement_ids=tuple(statement.id for statement in ordered[:_SHOWN_COUNT]),
    )


def _evidence(case: Case, statements: list[Statement], now: str) -> Iterator[Evidence]:
    read_ms = sum(statement.block_read_time_ms for statement in statements)
    blocks = sum(statement.shared_blocks_read for statement in statements)
    yield Evidence(name=_SETTING, value=int(now), source="pg_settings.setting, pg_db_role_setting")
    yield Evidence(
        name="storage", value=str(storage_of(case)), source="[machine] of the configuration"
    )
    yield Evidence(
        name="time spent reading",
        value=round(read_ms / case.total_time_ms, 4),
        unit="ratio",
        source="pg_stat_statements.shared_blk_read_time, total_exec_time",
    )
    yield Evidence(
        name="time of a block",
        value=format_ms(read_ms / max(blocks, 1)),
        source="pg_stat_statements.shared_blk_read_time, shared_blks_read",
    )
