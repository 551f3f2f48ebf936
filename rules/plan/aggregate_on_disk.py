"""Hashed aggregates of an executed plan whose groups went to disk."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_count,
    format_ms,
    format_size,
    node_source,
    rule,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    HashSpillLimits,
    Memory,
    SpillCost,
    is_maintenance,
    measured,
    memory_evidence,
    memory_for,
    memory_remedies,
    own_time,
    spill_cost,
    unmeasured,
)

_GROUP_BYTES = 256
"""Of a group in memory beside its values: headers, slots, and states of aggregates."""
_WIDTHS = 2
"""The values of a group twice: widths are estimates, and states of max() and the like hold one."""
_UNDERESTIMATED = 2.0
"""So many times the groups that were planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spill:
    """What the process that wrote most did."""

    disk_bytes: int
    batches: int
    peak_bytes: int
    groups: float


@rule(severity=Severity.WARNING, since="0.1", limits=HashSpillLimits, requires=("executed-plans",))
def aggregate_on_disk(case: Case, limits: HashSpillLimits) -> Outcome:
    """A hashed aggregate does not fit into memory, and writes rows to disk.

    ## Why it matters
    GROUP BY, DISTINCT and UNION keep a table of the groups in memory.  Once that is larger than
    ``work_mem`` times ``hash_mem_multiplier``, rows of new groups are written to files, read
    again, and grouped in another batch.

    ## What it leaves alone
    Aggregates in memory; those that write little; those whose files cost little; and statements
    that build or refresh something.  What can be saved is at most twice what reading and writing
    the files took; where no I/O was timed, three fifths of the aggregate's own time.  Where it is
    less than a third of the plan's time, it is a remark.

    ## Before you act
    Where more groups came than were expected, see to the estimate first: with the right one the
    planner may sort, or use an index that gives the order.  The memory that is told is that of
    all batches together, or of the groups with 256 bytes each beside twice their values, whichever
    is less: enough, unless the states of groups grow, as those of ``array_agg`` and
    ``string_agg`` do.  Where nothing but hashes lacks memory, in this plan and in what else the
    role runs, ``hash_mem_multiplier`` gives the groups as much as ``work_mem`` would, and sorts no
    more than they have.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT customer_id, count(*) FROM orders GROUP BY customer_id;
        -- Batches: 5  Memory Usage: 4145kB  Disk Usage: 9904kB
        BEGIN; SET LOCAL work_mem = '16MB'; SELECT ...; COMMIT;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, spill, limits)
        for node in executed_nodes(case)
        if (spill := _spill(node)) is not None
        and not is_maintenance(node.execution)
        and spill.disk_bytes >= limits.min_disk_bytes
        and spill_cost([node]).is_worth(limits)
    )
    yield from worst_of_each(found)


def _spill(node: PlacedNode) -> _Spill | None:
    workers = (worker.hash_aggregation for worker in node.node.workers)
    spilt = [each for each in (node.node.hash_aggregation, *workers) if each and each.disk_bytes]
    if not spilt:
        return None
    worst = max(spilt, key=lambda each: each.disk_bytes)
    return _Spill(
        disk_bytes=worst.disk_bytes,
        batches=worst.batches,
        peak_bytes=worst.peak_memory_bytes,
        groups=(node.use.rows + node.use.removed_rows) / max(node.use.loops, 1.0),
    )


def _needed_bytes(node: PlacedNode, spill: _Spill) -> float:
    group_bytes = _WIDTHS * node.node.width_bytes + _GROUP_BYTES
    of_groups = spill.peak_bytes + spill.groups * group_bytes
    return min(max(spill.batches, 1) * spill.peak_bytes, of_groups)


def _finding(case: Case, node: PlacedNode, spill: _Spill, limits: HashSpillLimits) -> Finding:
    memory = memory_for(
        case,
        node,
        _needed_bytes(node, spill),
        most_bytes=limits.max_work_mem_bytes,
        most_multiplier_ratio=limits.max_hash_mem_multiplier_ratio,
    )
    is_underestimated = spill.groups >= _UNDERESTIMATED * max(node.node.rows, 1.0)
    cost = spill_cost([node])
    finding = Finding(
        severity=cost.severity(limits),
        subject=node.name,
        summary=f"{node.name} writes {format_size(spill.disk_bytes)} to disk and takes "
        f"{format_ms(node.exclusive_ms)} by itself",
        detail=f"{format_count(spill.groups)} groups came, and {format_count(node.node.rows)} were "
        "expected; the table had room for a part of them.",
        evidence=tuple(_evidence(node, spill, memory, cost)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=(
            "its input's time is not counted",
            "the statement is none that builds or refreshes something",
        ),
        remedies=memory_remedies(
            case,
            node,
            memory,
            is_for_role=cost.severity(limits) is None,
            title="Keep the groups in memory",
            first=tuple(_first_steps(node, is_underestimated=is_underestimated)),
        ),
    )
    return at_nodes(finding, [node], saved_ms=cost.saved_ms)


def _first_steps(node: PlacedNode, *, is_underestimated: bool) -> Iterator[str]:
    if is_underestimated:
        several = len(node.node.group_keys) > 1
        how = " and `CREATE STATISTICS (ndistinct)` on the columns of the groups" if several else ""
        yield (
            "See to the estimate first, as more groups came than were expected: `ANALYZE` the "
            f"tables below{how}."
        )
    yield (
        "Group fewer rows: filter before, group by the key of a table in the place of its wide "
        "columns, and join those afterwards."
    )
    yield "See whether an index gives the order of the groups, so that none are kept."


def _evidence(
    node: PlacedNode, spill: _Spill, memory: Memory, cost: SpillCost
) -> Iterator[Evidence]:
    yield measured(node, "written to disk", spill.disk_bytes, "bytes")
    yield measured(node, "batches", spill.batches)
    yield measured(node, "groups", round(spill.groups), "groups")
    yield own_time(node)
    yield cost.evidence()
    source = f"batches or groups, whichever is less; {node_source(node)}"
    yield from memory_evidence(memory, source, name="memory needed, unless states of groups grow")
