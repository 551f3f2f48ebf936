"""What ``pgadvisor explain --format json`` prints, in values of its own.

A field is never removed, renamed or given another meaning under the same ``schema_version``;
new ones may come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from pgadvisor.emit.document import ManualPart, RewritePart, SkippedPart, SuppressedPart
from pgadvisor.emit.finding_document import FindingPart
from pgadvisor.emit.setting_document import SettingPart

EXPLAIN_SCHEMA_VERSION: Literal[1] = 1

Kind = Literal[
    "time",
    "node type",
    "index",
    "join order",
    "join sides",
    "condition",
    "rows",
    "removed rows",
    "estimated rows",
    "buffers",
    "spill",
    "workers",
    "executed",
    "gone",
    "new",
    "setting",
    "JIT",
    "planning",
]
Cause = Literal[
    "cold cache",
    "same plan, colder cache",
    "same plan, more rows",
    "settings changed",
    "index gone",
    "estimate changed",
    "unknown",
]


def _about(text: str) -> Meta:
    return Meta(description=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTextPart:
    """A text with its name."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocksPart:
    """Blocks that were touched, over all loops and processes."""

    shared_hit: Annotated[int, _about("Found in shared buffers.")]
    shared_read: Annotated[int, _about("Not found there.")]
    shared_dirtied: int
    shared_written: int
    local_hit: int
    local_read: int
    local_dirtied: int
    local_written: int
    temp_read: int
    temp_written: int
    read_time_ms: Annotated[
        float, _about("Of shared and local blocks; 0 also where track_io_timing is off.")
    ]
    write_time_ms: float
    temp_read_time_ms: float
    temp_write_time_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNodePart:
    """One node of a plan."""

    number: Annotated[int, _about("From 1, from the top, left to right.")]
    parent: Annotated[int | None, _about("The number of the node above; null: the root.")]
    depth: int
    node_type: Annotated[str, _about("As EXPLAIN names it: Index Scan.")]
    title: Annotated[str, _about("As TEXT has it: Index Scan using orders_pkey on orders o.")]
    subplan: Annotated[str | None, _about("InitPlan 1, CTE recent; null: a plain child.")]
    join_type: str | None
    schema: str | None
    relation: str | None
    alias: str | None
    index: str | None
    conditions: Annotated[
        tuple[NamedTextPart, ...], _about("Conditions, keys and what else EXPLAIN says in words.")
    ]
    output: Annotated[tuple[str, ...], _about("With VERBOSE.")]
    startup_cost: float
    total_cost: Annotated[float, _about("With all below it, for one loop.")]
    planned_rows: Annotated[float, _about("For one loop.")]
    width_bytes: int
    is_executed: Annotated[bool, _about("False: never run, or the plan was not executed.")]
    loops: Annotated[float, _about("Of all processes together.")]
    processes: Annotated[float, _about("How many ran it side by side; times are divided by it.")]
    rows: Annotated[float | None, _about("Over all loops; null: not executed.")]
    row_factor: Annotated[
        float | None,
        _about("Rows / planned rows, each taken as 1 at the least; null: not counted."),
    ]
    is_cut_short: Annotated[
        bool, _about("Fewer rows than planned, since a Limit above wanted no more.")
    ]
    removed_rows: Annotated[float, _about("That conditions discarded, over all loops.")]
    inclusive_time_ms: Annotated[
        float | None, _about("On the clock, with all below it; null: the plan has no times.")
    ]
    exclusive_time_ms: Annotated[
        float | None, _about("Without what is below it; these add up to the plan's total_time_ms.")
    ]
    excess_time_ms: Annotated[float, _about("More that was measured below it: rounding, mostly.")]
    exclusive_blocks: Annotated[BlocksPart | None, _about("Touched by itself; null: none.")]
    spilled_bytes: Annotated[
        float, _about("Written to temporary files by itself; of hash tables roughly.")
    ]
    workers_planned: int | None
    workers_launched: int | None
    notes: Annotated[tuple[str, ...], _about("What else was measured, as clauses.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerPart:
    """A trigger that fired; its time is in no node."""

    name: str | None
    constraint: str | None
    relation: str | None
    time_ms: float | None
    calls: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFindingPart:
    """A finding of a plan, and what is to be done."""

    number: Annotated[int, _about("From 1, in the order of what they can save.")]
    nodes: Annotated[tuple[int, ...], _about("Numbers of the nodes, the first one decides.")]
    finding: FindingPart
    sql: tuple[str, ...]
    settings: tuple[SettingPart, ...]
    rewrites: tuple[RewritePart, ...]
    manual: tuple[ManualPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPlanPart:
    """A plan, what its nodes took, and what was found."""

    source: Annotated[str, _about("slow.json, or plan 2 of slow.txt.")]
    is_executed: Annotated[bool, _about("False: it has costs and nothing that was measured.")]
    query_text: Annotated[str | None, _about("Null: the plan came without it.")]
    query_parameters: str | None
    query_identifier: int | None
    fingerprint: Annotated[str | None, _about("Of the statement; null: not known.")]
    settings: Annotated[tuple[NamedTextPart, ...], _about("Not at their defaults.")]
    total_cost: float
    total_time_ms: Annotated[float | None, _about("What the nodes' exclusive times add up to.")]
    execution_time_ms: Annotated[float | None, _about("As EXPLAIN told it, triggers included.")]
    planning_time_ms: float | None
    jit_time_ms: float | None
    blocks: Annotated[BlocksPart | None, _about("Of the whole execution; null: none counted.")]
    triggers: tuple[TriggerPart, ...]
    nodes: tuple[PlanNodePart, ...]
    findings: tuple[PlanFindingPart, ...]
    clear: Annotated[tuple[str, ...], _about("Rules that looked and found nothing.")]
    skipped: tuple[SkippedPart, ...]
    broken_rules: tuple[SkippedPart, ...]
    suppressed: tuple[SuppressedPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePairPart:
    """A node of the first plan and the one of the second that does the same work."""

    before: Annotated[int | None, _about("Its number; null: the node is new.")]
    after: Annotated[int | None, _about("Its number; null: the node is gone.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangePart:
    """One thing that is not the same in two plans."""

    kind: Kind
    before: Annotated[int | None, _about("Number of the node; null: of the whole plan, or new.")]
    after: int | None
    subject: Annotated[str, _about("Of a setting: its name; of a join order: the subquery.")]
    was: Annotated[float | str | None, _about("Null: there was no such thing.")]
    now: float | str | None
    summary: Annotated[str, _about("The same as a sentence.")]
    reason: Annotated[str, _about("Why it matters; may be empty.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionCausePart:
    """What may have made the second plan slower."""

    cause: Cause
    told: Annotated[str, _about("The same as a sentence.")]
    nodes: Annotated[tuple[int, ...], _about("Numbers of the second plan; empty: the whole plan.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionPart:
    """Another plan made the statement slower, and there are no more rows that explain it."""

    lost_ms: float
    block_ratio: Annotated[
        float | None, _about("Blocks after / blocks before; null: one of the plans has none.")
    ]
    summary: Annotated[str, _about("How much was lost and at which node most of it.")]
    causes: Annotated[tuple[RegressionCausePart, ...], _about("The most likely first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanComparisonPart:
    """Two plans of one statement, node by node."""

    before: Annotated[int, _about("Which of the plans comes before, from 0.")]
    after: int
    was_ms: float | None
    now_ms: float | None
    time_ratio: Annotated[float | None, _about("Time after / time before.")]
    regression: Annotated[
        RegressionPart | None, _about("Null: no other plan, not much slower, or more rows.")
    ]
    pairs: tuple[NodePairPart, ...]
    changes: Annotated[
        tuple[PlanChangePart, ...], _about("What makes the greatest difference in time first.")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedIndexPart:
    """A new index on the planner twin."""

    name: str
    size_bytes: Annotated[int, _about("Predicted.")]
    is_used: Annotated[bool, _about("By the plan with all of them.")]
    notes: Annotated[tuple[str, ...], _about("What is not known of it, as clauses.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedIndexPart:
    """An index that might have been."""

    index: Annotated[str, _about("For people, names not quoted: public.orders (a, b DESC).")]
    code: Annotated[str, _about("As in the report's rejected indexes.")]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTrialPart:
    """The best set of new indexes for one statement, as if it were all that is asked."""

    source: Annotated[str, _about("As of the plan.")]
    reason_untried: Annotated[str, _about("Why nothing was tried; empty: it was.")]
    cost_before: Annotated[float | None, _about("Planner cost on the twin; null: not tried.")]
    cost_after: Annotated[float | None, _about("With the indexes; null: there are none.")]
    plan_before: Annotated[tuple[str, ...], _about("Lines, as EXPLAIN prints them.")]
    plan_after: tuple[str, ...]
    indexes: tuple[TriedIndexPart, ...]
    sql: Annotated[tuple[str, ...], _about("Creates the indexes without blocking writes.")]
    is_runnable: Annotated[bool, _about("False: values are left out of the SQL, and '?' instead.")]
    rejected: tuple[RejectedIndexPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainDocument:
    """Plans, what their nodes took, and what was found."""

    schema_version: Literal[1]
    tool_version: str
    shows_literals: Annotated[bool, _about("False: each literal of the statements is '?'.")]
    plans: tuple[ExplainedPlanPart, ...]
    comparisons: Annotated[
        tuple[PlanComparisonPart, ...], _about("Empty: one file was given, and nothing compared.")
    ]
    index_trials: Annotated[
        tuple[IndexTrialPart, ...], _about("One for each plan with --candidates, else empty.")
    ] = ()
