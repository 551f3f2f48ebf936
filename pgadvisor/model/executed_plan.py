"""A plan as it was executed: what the planner expected and what was measured, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.plan_use import (
    NO_BUFFERS,
    Actual,
    Buffers,
    HashAggregation,
    HashTable,
    HeapBlocks,
    Jit,
    Memoization,
    Sort,
    SortGroups,
    Storage,
    Wal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWorker:
    """What one worker did in a node; the node's own figures include it."""

    number: int
    actual: Actual | None = None
    buffers: Buffers = NO_BUFFERS
    wal: Wal | None = None
    sort: Sort | None = None
    full_sort_groups: SortGroups | None = None
    presorted_groups: SortGroups | None = None
    hash_aggregation: HashAggregation | None = None
    memoization: Memoization | None = None
    heap_blocks: HeapBlocks | None = None
    jit: Jit | None = None
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingKeys:
    """One of the lists in GROUPING SETS, CUBE or ROLLUP, or the order that the next ones need."""

    kind: str
    """``Group Key``, ``Hash Key`` or ``Sort Key``."""
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTable:
    """One of several tables that a ModifyTable writes to."""

    relation: str
    schema: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedNode(PlanNode):
    """One node of an executed plan.

    The four formats of EXPLAIN do not tell the same: TEXT leaves out what is zero, false or as
    usual.  Here a figure that is zero and one that is left out are equal, and what TEXT cannot
    tell at all does not take part in comparisons.
    """

    children: tuple[ExecutedNode, ...] = ()
    actual: Actual | None = None
    """None: the plan was not executed, only made."""
    buffers: Buffers = NO_BUFFERS
    wal: Wal | None = None
    parallel_aware: bool = False
    async_capable: bool = False
    single_copy: bool = False
    """Of a Gather whose plan runs in one worker, and not in the leader."""
    disabled: bool = False
    """Of a type that a planner switch forbids; PostgreSQL 18 tells it."""
    inner_unique: bool | None = field(default=None, compare=False)
    """TEXT tells it with VERBOSE only."""
    custom_provider: str | None = None
    command: str | None = None
    """Of SetOp: ``Except``, ``Intersect All``."""
    function_name: str | None = None
    cte_name: str | None = None
    output: tuple[str, ...] = ()
    """With VERBOSE."""
    grouping_sets: tuple[GroupingKeys, ...] = ()
    targets: tuple[TargetTable, ...] = ()
    rows_removed_by_filter: float = 0.0
    """For each loop, as the next three."""
    rows_removed_by_join_filter: float = 0.0
    rows_removed_by_index_recheck: float = 0.0
    rows_removed_by_conflict_filter: float = 0.0
    heap_fetches: float | None = None
    """Of an index-only scan, over all loops."""
    index_searches: float | None = None
    """Over all loops; PostgreSQL 18."""
    sort: Sort | None = None
    full_sort_groups: SortGroups | None = None
    presorted_groups: SortGroups | None = None
    hash_table: HashTable | None = None
    hash_aggregation: HashAggregation | None = None
    cache_key: str | None = None
    cache_mode: str | None = None
    memoization: Memoization | None = None
    heap_blocks: HeapBlocks | None = None
    storage: Storage | None = None
    workers_launched: int | None = None
    workers: tuple[PlanWorker, ...] = ()
    subplans_removed: int = 0
    """Partitions that were pruned when the execution began."""
    inserted_rows: float = 0.0
    """Of INSERT ... ON CONFLICT and of MERGE, as the next four."""
    updated_rows: float = 0.0
    deleted_rows: float = 0.0
    skipped_rows: float = 0.0
    conflicting_rows: float = 0.0

    def walk(self) -> Iterator[ExecutedNode]:
        """Yield this node and all below it, from the top, left to right."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def never_executed(self) -> bool:
        """Whether the plan was executed without this node."""
        return self.actual is not None and self.actual.loops == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTrigger:
    """A trigger that fired; triggers after a statement are no part of any node's time."""

    constraint: str | None = None
    name: str | None = field(default=None, compare=False)
    """TEXT has no name where there is a constraint, unless VERBOSE."""
    relation: str | None = field(default=None, compare=False)
    """TEXT has it where there are several only."""
    time_ms: float | None = None
    """None: with ``TIMING OFF``."""
    calls: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Serialization:
    """What it took to turn the result into what a client is sent; PostgreSQL 17."""

    time_ms: float | None = None
    output_bytes: int = 0
    format: str | None = None
    """``text`` or ``binary``."""
    buffers: Buffers = NO_BUFFERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedPlan(Plan):
    """A whole plan out of EXPLAIN or auto_explain, executed or not."""

    root: ExecutedNode
    query_text: str | None = None
    """The statement, with its literals; auto_explain tells it."""
    query_parameters: str | None = None
    """``$1 = '5', $2 = NULL``; auto_explain of PostgreSQL 16 and later tells them."""
    query_identifier: int | None = None
    planning_time_ms: float | None = None
    planning_buffers: Buffers = NO_BUFFERS
    planning_memory_used_bytes: int | None = None
    planning_memory_allocated_bytes: int | None = None
    execution_time_ms: float | None = None
    """The root's time, triggers, and what starting and ending take; not the planning."""
    triggers: tuple[PlanTrigger, ...] = ()
    jit: Jit | None = None
    serialization: Serialization | None = None
    extra: tuple[tuple[str, str], ...] = ()
    """Keys that have no field here, with their values as JSON text."""

    @property
    def was_executed(self) -> bool:
        """Whether it has what ``ANALYZE`` measures."""
        return self.root.actual is not None
