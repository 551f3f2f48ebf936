"""An executed plan in words, before it is laid out: what each node took, and what was found.

Nodes are numbered from 1, from the top, left to right: findings name them so, and so does the
picture of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pgadvisor.emit.node_notes import notes_of
from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.plan_tree import details_of, head_of
from pgadvisor.emit.words import format_short, format_short_ms, plural
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_use import Buffers
from pgadvisor.units import format_ms, format_ratio, format_size

_SAME_RATIO = 1.5
"""Estimates that are off by less are as right as any."""
_BLOCKING = {"Sort", "Aggregate", "Hash", "SetOp", "ModifyTable", "Recursive Union"}
_MIN_MISSING_MS = 1.0
"""Starting and ending take a part of any short execution."""
_UNCOUNTED = {"BitmapAnd", "BitmapOr"}
"""Nodes of which EXPLAIN counts no rows."""


class Measure(StrEnum):
    """What a node's share is a share of."""

    TIME = "time"
    BUFFERS = "buffers"
    """Where the plan was executed without times."""
    COST = "cost"
    """Where it was not executed."""
    ESTIMATE = "estimate"
    """Cost as well, where it was executed with neither times nor blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPlan:
    """A plan, what its nodes took, and what was found in it."""

    execution: Execution
    use: PlanUse
    diagnosis: Diagnosis = field(default_factory=Diagnosis)

    @property
    def plan(self) -> ExecutedPlan:
        """The plan itself."""
        return self.execution.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeView:
    """One node in words and figures."""

    number: int
    depth: int
    label: str
    """``InitPlan 1``; empty for a plain child."""
    head: str
    """``Index Scan using orders_pkey on orders o``."""
    details: tuple[str, ...]
    """``Index Cond: (id = 1)``."""
    notes: tuple[str, ...]
    """``39,000 rows removed by the filter``: what was measured beside the columns."""
    own: str
    """What it took by itself: time, blocks or cost."""
    share: float
    """Of the whole plan, 0 to 1."""
    blocks: str
    """Touched by itself; empty: none, or not counted."""
    rows: str
    """Over all loops; empty: not executed, or not counted."""
    planned_rows: str
    """The same as the planner expected it."""
    factor: str
    """How far rows are from what was planned: ``x120``, ``/8``; empty: they are near."""
    is_never_run: bool
    finding_numbers: tuple[int, ...]

    @property
    def share_text(self) -> str:
        """``61 %``."""
        return f"{self.share:.0%}".replace("%", " %")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A whole plan in words."""

    name: str
    statement: str
    """Empty: nobody knows it."""
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    """What has to be known to read the figures."""
    measure: Measure
    has_blocks: bool
    nodes: tuple[NodeView, ...]


def view_plan(explained: ExplainedPlan) -> PlanView:
    """Put a plan into words."""
    plan, use = explained.plan, explained.use
    measure = measure_of(explained)
    return PlanView(
        name=explained.execution.source,
        statement=one_line(plan.query_text or ""),
        facts=tuple(_facts(explained)),
        notes=tuple(_notes(explained, measure)),
        measure=measure,
        has_blocks=plan.was_executed and plan.root.buffers.touched_blocks > 0,
        nodes=tuple(_nodes(use, measure, explained.diagnosis.findings)),
    )


def measure_of(explained: ExplainedPlan) -> Measure:
    """What tells best where the work is."""
    if not explained.plan.was_executed:
        return Measure.COST
    if explained.use.total_time_ms is None:
        has_blocks = explained.plan.root.buffers.touched_blocks > 0
        return Measure.BUFFERS if has_blocks else Measure.ESTIMATE
    return Measure.TIME


def own_cost(use: PlanUse, position: int) -> float:
    """Cost of a node without its children's; they may be run many times, so it is a lower bound."""
    node = use.nodes[position].node
    below = sum(child.total_cost for child in node.children)
    return max(node.total_cost - below, 0.0)


def row_factor(use: NodeUse) -> float | None:
    """Rows / planned rows, each taken as one at the least; None where rows were not counted."""
    node = use.node
    if node.actual is None or use.loops == 0 or node.node_type in _UNCOUNTED:
        return None
    return max(node.actual.rows, 1.0) / max(node.rows, 1.0)


def is_cut_short(use: PlanUse, position: int) -> bool:
    """Whether a node returned fewer rows than planned since a Limit above it wanted no more.

    What reads all its rows before it returns the first one does not pass that on.
    """
    each = use.nodes[position]
    factor = row_factor(each)
    if factor is None or factor >= 1:
        return False
    while each.parent is not None:
        each = use.nodes[each.parent]
        if each.node.node_type == "Limit":
            return True
        if each.node.node_type in _BLOCKING and each.node.strategy != "Sorted":
            return False
    return False


def format_factor(factor: float | None) -> str:
    """``x120``: 120 times as many as planned; ``/8``: an eighth; empty: near enough."""
    if factor is None or 1 / _SAME_RATIO < factor < _SAME_RATIO:
        return ""
    times = factor if factor > 1 else 1 / factor
    digits = f"{times:.1f}" if times < 10 else format_short(round(times))  # noqa: PLR2004
    return f"{'x' if factor > 1 else '/'}{digits}"


def _nodes(use: PlanUse, measure: Measure, findings: Sequence[Finding]) -> Iterator[NodeView]:
    shares = _weights(use, measure)
    whole = sum(shares) or 1.0
    for position, each in enumerate(use.nodes):
        node = each.node
        was_run = node.actual is not None and each.loops > 0
        counts = was_run and node.node_type not in _UNCOUNTED
        planned = node.rows * max(each.loops, 1.0)
        yield NodeView(
            number=position + 1,
            depth=each.depth,
            label=one_line(node.subplan_name or ""),
            head=head_of(node),
            details=tuple(_details(each)),
            notes=tuple(_told(use, position)),
            own=_own(use, position, measure),
            share=shares[position] / whole,
            blocks=_count(each.exclusive_buffers.touched_blocks),
            rows=format_short(each.rows) if counts else "",
            planned_rows=format_short(planned),
            factor="" if is_cut_short(use, position) else format_factor(row_factor(each)),
            is_never_run=node.never_executed,
            finding_numbers=tuple(
                n for n, found in enumerate(findings, 1) if position in found.nodes
            ),
        )


def _details(use: NodeUse) -> Iterator[str]:
    """What EXPLAIN says of a node, without what its notes say better."""
    for detail in details_of(use.node):
        if use.node.workers_launched is None or not detail.startswith("Workers Planned: "):
            yield detail


def _told(use: PlanUse, position: int) -> Iterator[str]:
    yield from notes_of(use.nodes[position])
    if is_cut_short(use, position):
        yield "stopped early by the Limit above"


def _weights(use: PlanUse, measure: Measure) -> list[float]:
    match measure:
        case Measure.TIME:
            return [each.exclusive_time_ms or 0.0 for each in use.nodes]
        case Measure.BUFFERS:
            return [float(each.exclusive_buffers.touched_blocks) for each in use.nodes]
        case Measure.COST | Measure.ESTIMATE:
            return [own_cost(use, position) for position in range(len(use.nodes))]


def _own(use: PlanUse, position: int, measure: Measure) -> str:
    each = use.nodes[position]
    if measure is Measure.COST:
        return format_short(each.node.total_cost)
    if each.node.never_executed or each.exclusive_time_ms is None:
        return ""
    return format_short_ms(each.exclusive_time_ms)


def _count(count: float) -> str:
    return format_short(count) if count else ""


def _facts(explained: ExplainedPlan) -> Iterator[tuple[str, str]]:
    plan, use = explained.plan, explained.use
    if plan.was_executed:
        yield "Execution", _execution(explained)
    else:
        yield "Cost", f"{plan.root.startup_cost:,.2f}..{plan.total_cost:,.2f}"
    if plan.planning_time_ms is not None:
        yield "Planning", format_ms(plan.planning_time_ms)
    yield "Nodes", plural(len(use.nodes), "node")
    if plan.was_executed and (blocks := describe_blocks(plan.root.buffers)):
        yield "Blocks", blocks
    if plan.root.wal is not None:
        wal = plan.root.wal
        yield "WAL", f"{plural(wal.records, 'record')}, {format_size(wal.size_bytes)}"
    if plan.jit is not None:
        spent = plan.jit.total_time_ms
        took = f", {format_ms(spent)}" if spent is not None else ""
        yield "JIT", f"{plural(plan.jit.functions, 'function')}{took}"
    for trigger in plan.triggers:
        took = f", {format_ms(trigger.time_ms)}" if trigger.time_ms is not None else ""
        name = trigger.constraint or trigger.name or ""
        yield "Trigger", f"{name}: {plural(round(trigger.calls), 'call')}{took}"
    if plan.serialization is not None and plan.serialization.time_ms is not None:
        yield "Serialization", format_ms(plan.serialization.time_ms)
    if plan.query_parameters:
        yield "Parameters", plan.query_parameters
    for name, value in plan.settings:
        yield "Setting", f"{name} = {value}"


def _execution(explained: ExplainedPlan) -> str:
    plan, use = explained.plan, explained.use
    time_ms = plan.execution_time_ms
    if time_ms is None:
        time_ms = use.total_time_ms
    rows = "no row" if use.nodes[0].rows == 0 else plural(round(use.nodes[0].rows), "row")
    return f"{format_ms(time_ms)}, {rows}" if time_ms is not None else rows


def describe_blocks(blocks: Buffers) -> str:
    """``1,200 found in shared buffers, 300 not, 40 temporary ones written``; empty: none."""
    read = blocks.shared_read_blocks + blocks.local_read_blocks
    parts = (
        (blocks.shared_hit_blocks + blocks.local_hit_blocks, "found in shared buffers"),
        (read, "not found there"),
        (blocks.shared_dirtied_blocks + blocks.local_dirtied_blocks, "changed"),
        (blocks.temp_written_blocks, "written to temporary files"),
    )
    return ", ".join(f"{format_short(count)} {what}" for count, what in parts if count)


def _notes(explained: ExplainedPlan, measure: Measure) -> Iterator[str]:
    plan, use = explained.plan, explained.use
    if measure is Measure.COST:
        yield (
            "The plan was made and not executed: it has costs and estimates, and nothing that was "
            "measured. EXPLAIN (ANALYZE, BUFFERS) executes the statement and measures."
        )
        return
    if measure is Measure.ESTIMATE:
        yield (
            "The plan has neither times nor blocks, so nodes are told by what the planner took "
            "them to cost. EXPLAIN (ANALYZE, BUFFERS) measures both."
        )
    elif use.total_time_ms is None:
        yield "The plan has no times (TIMING OFF), so nodes are told by the blocks they touched."
    elif not plan.root.buffers.touched_blocks:
        yield "The plan has no buffers; EXPLAIN (ANALYZE, BUFFERS) counts them."
    missing_ms = (plan.execution_time_ms or 0.0) - (use.total_time_ms or 0.0)
    told_ms = max(0.1 * (plan.execution_time_ms or 0.0), _MIN_MISSING_MS)
    if use.total_time_ms is not None and missing_ms > told_ms:
        yield (
            f"{format_ms(missing_ms)} ({format_ratio(missing_ms / (plan.execution_time_ms or 1))}) "
            "of the execution are in no node: triggers, JIT, and starting and ending it."
        )
    rounded_ms = sum(each.excess_time_ms for each in use.nodes)
    if use.total_time_ms and rounded_ms > 0.1 * use.total_time_ms:
        yield (
            f"{format_ms(rounded_ms)} more were measured below nodes than in them, which comes of "
            "rounding: times of nodes that ran very often are rough."
        )
