"""Executed plans that mostly waited for blocks to be read."""

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
    Skipped,
    at_nodes,
    format_count,
    format_ms,
    format_ratio,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    executed_roots,
    measured,
    of_plan,
    unmeasured,
    without_buffers,
)

_SHOWN = 3
_CACHED_MS = 0.1
"""A block that takes less came out of the operating system's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When reading is what takes the time."""

    min_read_ratio: float = 0.5
    """Blocks that were not found in shared_buffers, as a share of all that were touched."""

    min_read_time_ms: float = 50.0
    """What waiting for them took, on the clock."""

    min_read_time_ratio: float = 0.5
    """The same as a share of the plan's time."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def cold_reads(case: Case, limits: Limits) -> Outcome:
    """An execution mostly waits for blocks that are not in the cache.

    ## Why it matters
    A block that comes from the disk takes ten to a thousand times as long as one from memory.  An
    execution that waits for blocks for most of its time is faster with fewer blocks, be it by an
    index, or by rows that lie together; what its plan computes matters little.

    ## What it leaves alone
    Executions whose blocks are mostly in shared_buffers, or that wait little.  Without
    ``track_io_timing`` nobody knows what reads took, and it says so where there were many.  What
    can be saved is at most the time that each node waited for its own reads, and in several
    processes what one of them waited on average.

    ## Before you act
    Run it a second time: the first run after a restart reads what the next ones find.  Where
    reads remain, the data are larger than the cache, or others push them out.  A block of less
    than a tenth of a millisecond came out of the operating system's cache.

    ## Example
        SET track_io_timing = on;
        EXPLAIN (ANALYZE, BUFFERS) SELECT sum(total) FROM orders;
        -- Buffers: shared hit=12 read=1463  I/O Timings: shared read=812.410
    """
    yield from unmeasured(case)
    yield from without_buffers(case)
    roots = tuple(executed_roots(case))
    if untimed := [root for root in roots if _is_untimed(root, limits)]:
        first, rest = untimed[0].execution.source, len(untimed) - 1
        yield Skipped(
            rule_id="",
            subject=f"{first} and {rest} more" if rest else first,
            reason="the plan does not say how long reads took: set track_io_timing = on",
        )
    found = (
        _finding(root, waits)
        for root in roots
        if (waits := _waits(root))
        and _read_ratio(root) >= limits.min_read_ratio
        and sum(ms for _, ms in waits) >= limits.min_read_time_ms
        and sum(ms for _, ms in waits) >= limits.min_read_time_ratio * root.total_ms
    )
    yield from worst_of_each(found)


def _read_blocks(root: PlacedNode) -> int:
    buffers = root.node.buffers
    return buffers.shared_read_blocks + buffers.local_read_blocks


def _read_ratio(root: PlacedNode) -> float:
    return _read_blocks(root) / max(root.node.buffers.touched_blocks, 1)


def _is_untimed(root: PlacedNode, limits: Limits) -> bool:
    return (
        root.total_ms >= limits.min_read_time_ms
        and _read_blocks(root) > 0
        and _read_ratio(root) >= limits.min_read_ratio
        and not any(below.node.buffers.read_time_ms > 0 for below in root.walk())
    )


def _waits(root: PlacedNode) -> list[tuple[PlacedNode, float]]:
    """The nodes that waited for reads of their own, the longest first, with the time."""
    waits = [(node, _wait_ms(node)) for node in root.walk()]
    return sorted((w for w in waits if w[1] > 0), key=lambda wait: (-wait[1], wait[0].position))


def _wait_ms(node: PlacedNode) -> float:
    buffers = node.use.exclusive_buffers
    waited = (buffers.read_time_ms + buffers.local_read_time_ms) / node.use.processes
    return min(waited, node.exclusive_ms)


def _finding(root: PlacedNode, waits: list[tuple[PlacedNode, float]]) -> Finding:
    waited, blocks = sum(ms for _, ms in waits), _read_blocks(root)
    buffers = root.node.buffers
    block_ms = (buffers.read_time_ms + buffers.local_read_time_ms) / max(blocks, 1)
    is_cached = block_ms < _CACHED_MS
    worst = waits[0][0]
    finding = Finding(
        subject=worst.name,
        summary=f"{format_ms(waited)} of {format_ms(root.total_ms)} are waits for "
        f"{format_count(blocks)} blocks ({format_ratio(_read_ratio(root))} of all touched), most "
        f"of it in {worst.name}",
        detail=f"A block takes {format_ms(block_ms)}"
        + (", so they come out of the operating system's cache." if is_cached else "."),
        evidence=tuple(_evidence(root, waits, block_ms)),
        provenance=Provenance.MEASURED,
        # One run does not tell whether the next one finds the blocks in memory.
        confidence=Confidence.LOW,
        guards=("the time of reads was measured",),
        remedies=(ManualSteps(title="Read less", steps=tuple(_steps(worst))),),
    )
    return at_nodes(finding, [node for node, _ in waits], saved_ms=waited)


def _evidence(
    root: PlacedNode, waits: list[tuple[PlacedNode, float]], block_ms: float
) -> Iterator[Evidence]:
    yield of_plan(root, "blocks read", _read_blocks(root), "blocks")
    yield of_plan(root, "share of the blocks touched", _read_ratio(root), "ratio")
    yield of_plan(root, "time of a block", block_ms, "ms")
    for node, waited in waits[:_SHOWN]:
        yield measured(node, f"waits of {node.name}", waited, "ms")


def _steps(worst: PlacedNode) -> Iterator[str]:
    yield "Run it again: where it is fast now, only the first run waits."
    if worst.node.node_type in {"Seq Scan", "Sample Scan"}:
        yield "Where few of the rows are needed, see that an index finds them."
    else:
        yield (
            "Where it reads a block for each row, an index with all the columns that it needs "
            "(`INCLUDE`) spares the table, and `CLUSTER` lays the rows together."
        )
    if worst.node.relation:
        yield (
            "What has to be fast after a restart: `CREATE EXTENSION pg_prewarm`, and "
            f"`SELECT pg_prewarm('{worst.node.relation}')`."
        )
    yield "Where reads remain, the machine wants more memory for what is read every day."
